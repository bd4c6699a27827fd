// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** Decides who runs next. Tasks are bits of a mask, and numbers. */
interface Chooser {
  /** Nobody is to run: what follows has been seen in another order. */
  int REDUNDANT = -1;

  /**
   * Chooses the next step.
   *
   * @param execution the steps so far, and what each task would do next
   * @param runnable at least one task
   * @param last who ran last, -1 at the start
   * @return one of the runnable tasks, or {@link #REDUNDANT}
   */
  int choose(Execution execution, long runnable, int last);

  /** Goes on without preemption: the last task if it can, else the first that can. */
  static int unpreempted(long runnable, int last) {
    return last >= 0 && (runnable & 1L << last) != 0 ? last : Long.numberOfTrailingZeros(runnable);
  }

  /** Whether another than the last task would be one that interrupts it. */
  static boolean wouldPreempt(long runnable, int last, int next) {
    return last >= 0 && next != last && (runnable & 1L << last) != 0;
  }
}
