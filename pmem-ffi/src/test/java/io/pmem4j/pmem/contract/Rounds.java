// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.pmem.contract;

/**
 * Repetitions of what one could miss. An emulated processor takes a millisecond for a fault: there
 * {@code -Dpmem4j.rounds=PERCENT} asks for a part of what a host does.
 */
final class Rounds {
  private static final int PERCENT = Integer.getInteger("pmem4j.rounds", 100);

  private Rounds() {}

  /**
   * Returns the number of repetitions, at least {@code least}.
   *
   * @param host repetitions on a host
   */
  static int of(int host, int least) {
    return Math.max(least, host * PERCENT / 100);
  }
}
