// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import io.pmem4j.sched.Scheduler;
import java.util.List;

/**
 * What is explored. Must do the same again when it is scheduled the same again: no clocks, no
 * random numbers, no identity hashes, no state that outlives a run.
 */
@FunctionalInterface
public interface Scenario {
  /**
   * Makes fresh state. Points that are reached here are not explored.
   *
   * @param scheduler to build the state and the tasks on
   */
  Run start(Scheduler scheduler) throws Exception;

  /** One run's state. */
  interface Run {
    /** Two tasks or more, in a fixed order. */
    List<Task> tasks();

    /**
     * Judges the state after all tasks have ended.
     *
     * @throws Throwable what is wrong, in words
     */
    default void check() throws Throwable {}

    /** Lets go of what {@link Scenario#start} took; called once, whatever happened. */
    default void close() {}
  }

  /** One thread of control. */
  record Task(String name, Body body) {}

  /** What a task does. */
  @FunctionalInterface
  interface Body {
    /**
     * Does it.
     *
     * @throws Throwable a finding
     */
    void run() throws Throwable;
  }
}
