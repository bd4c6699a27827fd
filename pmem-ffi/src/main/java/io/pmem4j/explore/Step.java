// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/**
 * One step of one task: what it announced at a point, and everything up to its next one.
 *
 * @param task index of the task
 * @param kind what it was about to do
 * @param object what to, in words; empty for a start
 * @param place where that was; {@link CallSite#UNKNOWN} unless {@link Explorer#located} was asked
 * @param waitsFor what it waited for at the end of the step; empty if it could go on
 * @param notes what it read or wrote; empty if it did not say, and unless located
 */
public record Step(
    int task, Kind kind, String object, CallSite place, String waitsFor, String notes) {
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

  /** Whether it takes a lock in any case, at once or after a wait. */
  boolean takes() {
    return kind == Kind.ACQUIRE && !place.call().contains("try");
  }

  /** Whether it waits for what it wanted to take, and not for something behind that. */
  boolean waitsForOwn() {
    return !waitsFor.isEmpty() && kind == Kind.ACQUIRE && waitsFor.equals(object);
  }

  /** A lock's name, without its type where the call says that. */
  String lock() {
    return place.call().isEmpty() ? object : shortly(object);
  }

  /** A lock's name without its type. */
  static String shortly(String object) {
    return object.replaceFirst("^(RwSemaphore|Mutex) ", "");
  }

  @Override
  public String toString() {
    String words =
        switch (kind) {
          case START -> "begins";
          case WAKE -> "goes on: " + lock();
          case ACQUIRE, RELEASE ->
              (place.call().isEmpty() ? kind.toString() : place.call()) + " " + lock();
          default -> kind + " " + object;
        };
    if (!notes.isEmpty()) {
      words += ": " + notes;
    }
    if (waitsForOwn()) {
      return words + " - waits";
    }
    return waitsFor.isEmpty() ? words : words + ", then waits for " + shortly(waitsFor);
  }
}
