// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;
import java.util.Optional;

/**
 * The steps of one run, in order.
 *
 * @param tasks names of the tasks
 * @param steps all steps
 * @param finding the failure, if there was one
 */
public record Trace(List<String> tasks, List<Step> steps, Optional<Finding> finding) {
  /** Copies the lists. */
  public Trace {
    tasks = List.copyOf(tasks);
    steps = List.copyOf(steps);
  }
}
