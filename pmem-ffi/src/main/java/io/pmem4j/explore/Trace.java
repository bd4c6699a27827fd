// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;
import java.util.Optional;

/**
 * One run: what each task announced, in the order in which they ran.
 *
 * @param tasks their names
 * @param steps all steps
 * @param finding what was wrong with it, if anything was
 */
public record Trace(List<String> tasks, List<Step> steps, Optional<Finding> finding) {
  /** Copies the lists. */
  public Trace {
    tasks = List.copyOf(tasks);
    steps = List.copyOf(steps);
  }
}
