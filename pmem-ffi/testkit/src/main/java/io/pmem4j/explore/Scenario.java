// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import io.pmem4j.sched.Scheduler;
import java.util.List;

/**
 * A test of concurrent code. It must be deterministic under a schedule: no clocks, no random
 * numbers, no identity hashes, no state that outlives a run.
 */
@FunctionalInterface
public interface Scenario {
  /**
   * Makes fresh state. Yield points that are reached here are not explored.
   *
   * @param scheduler to build the state and the tasks on
   */
  @SuppressWarnings("exports") // Named modules that explore add an export, see the module's page.
  Run start(Scheduler scheduler) throws Exception;

  /** Returns the words for what the tasks announce and observe. */
  default Vocabulary vocabulary() {
    return Vocabulary.NAMES;
  }

  /** The state of one run. */
  interface Run {
    /** Returns two tasks or more, in a fixed order. */
    List<Task> tasks();

    /**
     * Judges the state after all tasks have ended.
     *
     * @throws Throwable the damage found, in words
     */
    default void check() throws Throwable {}

    /** Releases the resources of {@link Scenario#start}; called once, also after a failure. */
    default void close() {}
  }

  /** A thread of control. */
  record Task(String name, Body body) {}

  /** The code of a task. */
  @FunctionalInterface
  interface Body {
    /**
     * Runs the task to its end.
     *
     * @throws Throwable reported as a finding
     */
    void run() throws Throwable;
  }
}
