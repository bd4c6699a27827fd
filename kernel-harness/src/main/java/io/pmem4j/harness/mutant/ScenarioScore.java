// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import org.jspecify.annotations.Nullable;

/**
 * The effort that it takes the explorer to kill a mutant by a scenario.
 *
 * @param inOrder schedules of the depth-first search up to the first finding
 * @param finding the first finding; null if the mutant survives
 * @param atRandom schedules of all random searches together, each up to its first finding
 * @param seeds how many random searches there were
 * @param lost how many of them found nothing
 * @param images different images that e2fsck judged
 */
public record ScenarioScore(
    long inOrder, @Nullable String finding, long atRandom, int seeds, int lost, int images) {
  /** Returns whether the depth-first search killed the mutant. */
  public boolean killed() {
    return finding != null;
  }
}
