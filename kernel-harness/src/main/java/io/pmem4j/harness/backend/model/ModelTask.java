// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.sched.Classified;
import io.pmem4j.sched.Scheduler.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a child, on a thread of its own. The thread and the program's take turns:
 * exactly one of them runs at any time, so that nothing here is synchronised but the turns.
 */
final class ModelTask {
  /** Unwinds the thread of an operation that will not end. */
  private static final class AbandonedTask extends Error {
    private static final long serialVersionUID = 1L;

    AbandonedTask() {
      super("abandoned", null, false, false);
    }
  }

  private final Semaphore turn = new Semaphore(0);
  private final Semaphore back = new Semaphore(0);
  private final Thread thread;
  private final Optional<ModelPoint.Path> path;
  private final List<String> events = new ArrayList<>();
  private boolean begun;
  private boolean abandoned;
  private boolean unwound;
  private Outcome.@Nullable Builder outcome;
  private @Nullable RuntimeException failure;
  private @Nullable String parkedAt;
  private @Nullable BooleanSupplier wake;
  private @Nullable Object blocker;
  private @Nullable Point lastPoint;
  private @Nullable Enum<?> lastSubject;

  /**
   * Creates a task that has not begun.
   *
   * @param path the points that it can come by
   * @param body the operation; a broken rule of the model is thrown by it
   */
  ModelTask(String child, Optional<ModelPoint.Path> path, Supplier<Outcome.Builder> body) {
    this.path = path;
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("pmem4j-task-" + child)
            .unstarted(() -> {
              turn.acquireUninterruptibly();
              try {
                outcome = body.get();
              } catch (AbandonedTask e) {
                // Expected: the session has ended. The thread may be alive for a moment yet.
                unwound = true;
              } catch (RuntimeException | AssertionError e) {
                failure = new IllegalStateException(child + ": " + e, e);
              } finally {
                back.release();
              }
            });
  }

  /** Runs the task until it stops or ends. */
  void resume() {
    if (!begun) {
      begun = true;
      thread.start();
    }
    turn.release();
    back.acquireUninterruptibly();
  }

  private void pause() {
    back.release();
    turn.acquireUninterruptibly();
    if (abandoned) {
      throw new AbandonedTask();
    }
  }

  /** Ends the thread of a task that has not ended. */
  void abandon() {
    abandoned = true;
    for (int i = 0; i < 1000 && begun && !unwound && !isDone(); i++) {
      resume();
    }
  }

  /** Called by the task before each step: stops it if it has come by a point that is armed. */
  void step(Point point, Object object, java.util.function.Predicate<String> disarms) {
    Enum<?> subject = object instanceof Classified classified ? classified.kind() : null;
    arriveIf(point == Point.ACQUIRE && subject == LockClass.TRUNCATE_MUTEX, disarms);
    lastPoint = point;
    lastSubject = subject;
  }

  private void arriveIf(boolean takesMutex, java.util.function.Predicate<String> disarms) {
    Point point = lastPoint;
    if (point == null || path.isEmpty()) {
      return;
    }
    Optional<String> label =
        ModelPoint.behind(path.get(), point, lastSubject, takesMutex).map(ModelPoint::label);
    if (label.isPresent() && disarms.test(label.get())) {
      parkedAt = label.get();
      pause();
      parkedAt = null;
    }
  }

  /** Called by the task: waits until a condition holds. */
  void block(Object on, BooleanSupplier until) {
    while (!until.getAsBoolean()) {
      wake = until;
      blocker = on;
      pause();
    }
    wake = null;
    blocker = null;
  }

  /** Returns whether it can run on: it has not ended, and waits for no release. */
  boolean isRunnable() {
    BooleanSupplier until = wake;
    return !isDone() && parkedAt == null && (until == null || until.getAsBoolean());
  }

  boolean isDone() {
    return outcome != null || failure != null;
  }

  boolean isParkedAt(String point) {
    return point.equals(parkedAt);
  }

  /** Returns the lock that it waits for; empty if it waits for none. */
  Optional<Object> blocker() {
    return Optional.ofNullable(blocker);
  }

  /** Lets it go on from a point. */
  void release() {
    parkedAt = null;
  }

  void add(List<String> more) {
    events.addAll(more);
  }

  /**
   * Returns the outcome of an operation that has ended.
   *
   * @throws RuntimeException if the model broke one of its rules
   */
  Outcome.Builder outcome() {
    if (failure != null) {
      throw failure;
    }
    Outcome.Builder ended = outcome;
    if (ended == null) {
      throw new IllegalStateException("the operation has not ended");
    }
    return ended.events(List.copyOf(events));
  }
}
