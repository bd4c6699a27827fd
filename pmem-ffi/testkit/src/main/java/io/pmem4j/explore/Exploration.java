// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;

/**
 * The result of an exploration.
 *
 * @param schedules number of runs
 * @param steps number of steps of all runs
 * @param complete true if every schedule within the bound was run, or is equivalent to one that was
 * @param findings one for each message, the first of its kind, shrunk
 * @param nanos elapsed time, in nanoseconds
 */
public record Exploration(
    long schedules, long steps, boolean complete, List<Finding> findings, long nanos) {
  /** Copies the list. */
  public Exploration {
    findings = List.copyOf(findings);
  }

  /** Returns the number of schedules run in a second. */
  public double schedulesPerSecond() {
    return schedules * 1e9 / Math.max(1, nanos);
  }
}
