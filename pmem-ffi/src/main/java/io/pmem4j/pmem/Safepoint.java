// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A safepoint poll where the compiler would leave none: the JVM stops the thread there, or throws
 * what is pending. A loop whose number of rounds no compiler can know polls at the end of each.
 */
final class Safepoint {
  private static final VarHandle NEXT = MethodHandles.arrayElementVarHandle(int[].class);

  /** Chains from 2 and from 3 to 1 to 0: two rounds, and so one poll between them. */
  private static final int[] CHAIN = {0, 0, 1, 1};

  private Safepoint() {}

  /** Polls; two dependent loads. */
  static void poll() {
    poll(0);
  }

  /** Polls after the value is there; for the compiler its number of rounds depends on the value. */
  static void poll(long value) {
    int link = 2 + (int) (value & 1);
    do {
      // Opaque: each is a load of its own.
      link = (int) NEXT.getOpaque(CHAIN, link);
    } while (link != 0);
  }
}
