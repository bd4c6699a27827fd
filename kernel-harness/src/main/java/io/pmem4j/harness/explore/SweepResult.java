// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * The sum of several explorations.
 *
 * @param holds whether what was claimed is so
 * @param scenarios how many were explored
 * @param schedules how many were run
 * @param findings what was found, expected or not
 * @param incomplete explorations that did not end by themselves
 * @param images different images that e2fsck judged
 */
public record SweepResult(
    boolean holds,
    int scenarios,
    long schedules,
    List<Finding> findings,
    int incomplete,
    int images) {
  /** Copies the list. */
  public SweepResult {
    findings = List.copyOf(findings);
  }

  /** Returns the sum of this sweep and another. */
  public SweepResult and(SweepResult other) {
    List<Finding> both = new ArrayList<>(findings);
    both.addAll(other.findings);
    return new SweepResult(
        holds && other.holds,
        scenarios + other.scenarios,
        schedules + other.schedules,
        both,
        incomplete + other.incomplete,
        images + other.images);
  }
}
