// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * Runs a call as a user who is not root: setfsuid(2) changes the user id of the calling thread for
 * file systems, and nothing else.
 */
final class Unprivileged {
  private static final int NOBODY = 65534;
  private static final MethodHandle SETFSUID =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("setfsuid"),
              FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Unprivileged() {}

  /** Returns the exception of the call, if it throws one. */
  static Optional<Throwable> thrownBy(Callable<?> call) throws Throwable {
    int before = (int) SETFSUID.invokeExact(NOBODY);
    try {
      call.call();
      return Optional.empty();
    } catch (Exception thrown) {
      return Optional.of(thrown);
    } finally {
      int nobody = (int) SETFSUID.invokeExact(before);
      assert nobody >= 0;
    }
  }
}
