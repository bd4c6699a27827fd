// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/** A task that is stopped at each of its points and goes on when it is told to. */
interface Coroutine {
  /** Runs the task to its next {@link #pause} or to its end; called by one thread only. */
  void resume();

  /** Whether the task has ended. */
  boolean isDone();

  /** Called by the task itself: returns when it is resumed. */
  void pause();

  /** Lets go of a task that will not be resumed. */
  void abandon();

  /** Makes coroutines. */
  @FunctionalInterface
  interface Maker {
    /** A task that has not begun. */
    Coroutine make(Runnable body);
  }

  /** The fastest kind there is in this JVM. */
  static Maker fastest() {
    return ContinuationCoroutine.AVAILABLE ? ContinuationCoroutine::new : ThreadCoroutine::new;
  }
}
