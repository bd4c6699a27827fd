// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong under a schedule.
 *
 * @param kind what kind of wrong
 * @param message in words
 * @param cause what was thrown, if anything was
 * @param schedule leads there
 * @param tasks their names
 * @param steps all steps, with what each announced
 */
public record Finding(
    Kind kind,
    String message,
    @Nullable Throwable cause,
    Schedule schedule,
    List<String> tasks,
    List<Step> steps) {
  /** A kind of finding. */
  public enum Kind {
    /** A task threw. */
    TASK_FAILED,
    /** The state after all tasks had ended was judged wrong. */
    CHECK_FAILED,
    /** Every task that has not ended is blocked. */
    DEADLOCK,
    /** The bound on steps was reached: a loop that waits for what another task should do. */
    ENDLESS,
    /** The scenario did something else when it was scheduled the same again. */
    NOT_DETERMINISTIC
  }

  /** Copies the lists. */
  public Finding {
    tasks = List.copyOf(tasks);
    steps = List.copyOf(steps);
  }

  /** Whether another finding is, as far as one can tell, the same. */
  boolean isLike(Finding other) {
    return kind == other.kind && message.equals(other.message);
  }

  /** How often a task was stopped that could have gone on. */
  public int switches() {
    return Math.max(0, schedule.runs().size() - 1);
  }
}
