// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/**
 * A choice that follows a schedule to its end. Steps of a task that is blocked or has ended are
 * skipped, so that a schedule shortened by hand still runs.
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
