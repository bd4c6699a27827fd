// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A failure of a scenario under a schedule.
 *
 * @param kind the kind of failure
 * @param message the failure in words
 * @param cause the exception, if one was thrown
 * @param schedule leads to the failure
 * @param tasks names of the tasks
 * @param steps all steps, with their announcements
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
    /** A task threw an exception. */
    TASK_FAILED,
    /** The state after all tasks had ended was judged wrong. */
    CHECK_FAILED,
    /** Every task that has not ended is blocked. */
    DEADLOCK,
    /** The step limit was reached, as by a loop that waits for another task. */
    ENDLESS,
    /** The same schedule led to other steps. */
    NOT_DETERMINISTIC
  }

  /** Copies the lists. */
  public Finding {
    tasks = List.copyOf(tasks);
    steps = List.copyOf(steps);
  }

  /** Returns true if another finding has the same kind and message. */
  boolean sameAs(Finding other) {
    return kind == other.kind && message.equals(other.message);
  }

  /** Returns the number of switches between tasks. */
  public int switches() {
    return Math.max(0, schedule.runs().size() - 1);
  }
}
