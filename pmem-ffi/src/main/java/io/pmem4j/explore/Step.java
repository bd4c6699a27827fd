// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/**
 * One step of one task: what it announced at a point, and everything up to its next one.
 *
 * @param task index of the task
 * @param kind what it was about to do
 * @param object what to, in words; empty for a start
 * @param where the methods that it stopped in, the innermost first, as {@code Inner.method <
 *     Outer.method}; empty unless {@link Explorer#located} was asked
 */
public record Step(int task, Kind kind, String object, String where) {
  /** What a task does next. */
  public enum Kind {
    /** Its first step. */
    START,
    /** Takes a lock, or queues for it. */
    ACQUIRE,
    /** Releases a lock. */
    RELEASE,
    /** Reads shared state. */
    LOAD,
    /** Changes shared state. */
    STORE,
    /** Makes stores durable. */
    PERSIST,
    /** Something else at which a switch is of interest. */
    STEP,
    /** Goes on after it was blocked. */
    WAKE
  }

  @Override
  public String toString() {
    return object.isEmpty() ? kind.toString() : kind + " " + object;
  }
}
