// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts a check that has not ended after a limit. A check that neither waits nor reads the
 * medium does not notice.
 */
final class CheckWatch implements AutoCloseable {
  private final Duration limit;
  private @Nullable Thread watcher;

  // Guarded by this.
  private @Nullable Thread checker;
  private long begun;
  private boolean overdue;
  private boolean closed;

  CheckWatch(Duration limit) {
    this.limit = limit;
  }

  /**
   * Runs a check; after one that did not end, no other is run.
   *
   * @throws CheckNotEndedException if it was interrupted
   */
  void run(CrashMedium.Body check, Path file) throws Throwable {
    begin();
    Throwable failure = null;
    try {
      check.run(file);
    } catch (Throwable thrown) {
      failure = thrown;
    }
    if (end()) {
      throw new CheckNotEndedException("the check has not ended after " + limit, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private synchronized void begin() {
    if (overdue) {
      throw new CheckNotEndedException(
          "the check has not ended after " + limit + " in an earlier state", null);
    }
    if (watcher == null) {
      watcher = Thread.ofPlatform().daemon().name("crash check's limit").start(this::watch);
    }
    checker = Thread.currentThread();
    begun = System.nanoTime();
  }

  /** Returns true if the check was interrupted; the thread is not, any more. */
  private synchronized boolean end() {
    checker = null;
    if (overdue) {
      var _ = Thread.interrupted();
    }
    return overdue;
  }

  private synchronized void watch() {
    while (!closed) {
      long left = limit.toNanos() - (System.nanoTime() - begun);
      if (checker != null && left <= 0 && !overdue) {
        overdue = true;
        checker.interrupt();
      }
      try {
        long idle = checker == null || overdue ? limit.toNanos() : left;
        wait(Math.max(1, idle / 1_000_000));
      } catch (InterruptedException ended) {
        return;
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
