// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A safepoint poll that the compiler keeps: the JVM stops the thread there, or throws a pending
 * error. A loop polls after each round if the compiler does not know the number of rounds.
 */
final class Safepoint {
  private static final VarHandle NEXT = MethodHandles.arrayElementVarHandle(int[].class);

  /** Two chains, from 2 and from 3, to 1 and to 0: two rounds with one poll between them. */
  private static final int[] CHAIN = {0, 0, 1, 1};

  private Safepoint() {}

  /** Polls at the cost of two dependent loads. */
  static void poll() {
    poll(0);
  }

  /** Polls after a load; for the compiler the number of rounds depends on the loaded value. */
  static void poll(long value) {
    int link = 2 + (int) (value & 1);
    do {
      // Opaque: each is a load of its own.
      link = (int) NEXT.getOpaque(CHAIN, link);
    } while (link != 0);
  }
}
