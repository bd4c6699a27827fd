// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;

/**
 * What came of exploring a scenario.
 *
 * @param schedules how many were run
 * @param steps how many steps they had together
 * @param complete whether every schedule within the bound was run, or shown to be like one that was
 * @param findings one for each message, the first of its kind, shrunk
 * @param nanos how long it took
 */
public record Exploration(
    long schedules, long steps, boolean complete, List<Finding> findings, long nanos) {
  /** Copies the list. */
  public Exploration {
    findings = List.copyOf(findings);
  }

  /** Schedules a second. */
  public double schedulesPerSecond() {
    return schedules * 1e9 / Math.max(1, nanos);
  }
}
