// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** A task that stops at each of its yield points until it is resumed. */
interface Coroutine {
  /** Runs the task to its next {@link #pause} or to its end; called by one thread only. */
  void resume();

  /** Returns true if the task has ended. */
  boolean isDone();

  /** Stops the calling task until it is resumed. */
  void pause();

  /** Releases a task that will not be resumed. */
  void abandon();

  /** A factory of coroutines. */
  @FunctionalInterface
  interface Maker {
    /** Returns a task that has not begun. */
    Coroutine make(Runnable body);
  }

  /** Returns the factory of the fastest kind that this JVM has. */
  static Maker fastest() {
    return ContinuationCoroutine.AVAILABLE ? ContinuationCoroutine::new : ThreadCoroutine::new;
  }
}
