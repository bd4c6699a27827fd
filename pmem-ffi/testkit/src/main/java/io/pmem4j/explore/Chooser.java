// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** A choice of the next task. Tasks are numbers, and bits of a mask. */
interface Chooser {
  /** Ends the run, because its rest equals a run that was made in another order. */
  int REDUNDANT = -1;

  /**
   * Chooses the next step.
   *
   * @param execution the steps so far, and the next step of each task
   * @param runnable at least one task
   * @param last the task that ran last, -1 at the start
   * @return one of the runnable tasks, or {@link #REDUNDANT}
   */
  int choose(Execution execution, long runnable, int last);

  /** Returns the last task if it is runnable, else the first one that is: no preemption. */
  static int unpreempted(long runnable, int last) {
    return last >= 0 && (runnable & 1L << last) != 0 ? last : Long.numberOfTrailingZeros(runnable);
  }

  /** Returns true if the choice of {@code next} preempts the last task. */
  static boolean wouldPreempt(long runnable, int last, int next) {
    return last >= 0 && next != last && (runnable & 1L << last) != 0;
  }
}
