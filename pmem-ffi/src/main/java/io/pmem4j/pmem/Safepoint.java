// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * A safepoint poll where the compiler would leave none. A native method is never inlined, and the
 * way back from it is a poll, at which the JVM stops the thread or throws what is pending.
 */
final class Safepoint {
  private static final Object NOTHING = new Object();

  private Safepoint() {}

  /** Polls; about 30 ns. */
  static void poll() {
    // The cheapest native method that is no intrinsic and touches nothing. Its answer is false.
    if (Thread.holdsLock(NOTHING)) {
      throw new AssertionError();
    }
  }
}
