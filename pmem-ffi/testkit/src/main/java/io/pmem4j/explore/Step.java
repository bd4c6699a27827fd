// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import org.jspecify.annotations.Nullable;

/**
 * One step of one task, from a yield point to the next one.
 *
 * @param task index of the task
 * @param kind the access announced at the yield point
 * @param subject the kind of the object of the access; null for a start and for objects without one
 * @param object the object of the access, in words; empty for a start
 * @param place the call site; {@link CallSite#UNKNOWN} unless {@link Explorer#annotate} made the
 *     step
 * @param waitsFor the blocker at the end of the step; empty if the task could go on
 * @param notes what the step found and did, in words; empty unless {@link Explorer#annotate} made
 *     the step
 */
public record Step(
    int task,
    Kind kind,
    @Nullable Enum<?> subject,
    String object,
    CallSite place,
    String waitsFor,
    String notes) {
  /** The kind of a step. */
  public enum Kind {
    /** Begins the task. */
    START,
    /** Takes a lock, or waits for it. */
    ACQUIRE,
    /** Releases a lock that the task holds. */
    RELEASE,
    /** Reads state that tasks share. */
    LOAD,
    /** Changes state that tasks share. */
    STORE,
    /** Makes stores durable. */
    PERSIST,
    /** Does anything else at which a switch is of interest. */
    STEP,
    /** Goes on after it was blocked. */
    WAKE
  }

  /** Returns true if the step takes a lock in any case, at once or after a wait. */
  boolean takes() {
    return kind == Kind.ACQUIRE && !place.call().contains("try");
  }

  /** Returns true if the step waits for the lock that it announced, and for no other object. */
  boolean waitsForOwn() {
    return !waitsFor.isEmpty() && kind == Kind.ACQUIRE && waitsFor.equals(object);
  }

  /** Returns the name of the lock, without its type if the call implies that. */
  String lock() {
    return place.call().isEmpty() ? object : shortly(object);
  }

  /** Returns the name of a lock without its type. */
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
