// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/**
 * Follows a schedule as far as it goes. Steps of a task that is blocked or has ended are skipped: a
 * schedule that was shortened by hand still means something.
 */
final class Replay implements Chooser {
  private final Schedule schedule;
  private int run;
  private int taken;

  Replay(Schedule schedule) {
    this.schedule = schedule;
  }

  @Override
  public int choose(Execution execution, long runnable, int last) {
    while (run < schedule.runs().size()) {
      Schedule.Run now = schedule.runs().get(run);
      if (taken < now.steps() && (runnable & 1L << now.task()) != 0) {
        taken++;
        return now.task();
      }
      run++;
      taken = 0;
    }
    return Chooser.unpreempted(runnable, last);
  }
}
