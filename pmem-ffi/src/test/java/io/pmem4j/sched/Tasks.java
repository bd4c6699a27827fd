// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * Threads of one test, whose progress is observed through what they log and through lock state,
 * never through sleeping.
 */
final class Tasks implements AutoCloseable {
  /** Long enough for any machine; only a defect reaches it. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

  Thread start(Runnable body) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
            .start(body);
    threads.add(thread);
    return thread;
  }

  /** Starts a task and returns when it waits in the queue, as the {@code nth} waiter. */
  Thread startWaiter(RwSemaphore semaphore, int nth, Runnable body) {
    Thread thread = start(body);
    until(() -> semaphore.queueLength() == nth);
    return thread;
  }

  static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("condition not reached");
      }
      Thread.onSpinWait();
    }
  }

  static void await(CountDownLatch latch) {
    try {
      if (!latch.await(LIMIT.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)) {
        throw new AssertionError("latch not reached");
      }
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  void join() {
    for (Thread thread : threads) {
      try {
        if (!thread.join(LIMIT)) {
          throw new AssertionError("still running: " + thread);
        }
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }
    Throwable first = failures.poll();
    if (first != null) {
      throw new AssertionError("a task failed", first);
    }
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
  }
}
