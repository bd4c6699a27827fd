// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.concurrent.TimeUnit;

/**
 * A thread that writes back what has changed, every few seconds: sync(2) does not reach a FUSE
 * server, and a kill shall lose no more than the kernel loses in a crash. Thread-safe.
 */
final class PeriodicSync implements Runnable {
  private static final long PERIOD_MILLIS = 5_000;

  private final FuseService service;

  /** Guarded by this. */
  private boolean ended;

  private volatile boolean changed;

  PeriodicSync(FuseService service) {
    this.service = service;
  }

  /** A request was answered that may have changed something. */
  void changed() {
    if (!changed) {
      changed = true;
    }
  }

  /** No further write-back begins; waits for the one that runs. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  @Override
  public void run() {
    while (sleeps()) {
      syncIfChanged();
    }
  }

  /** Waits for the next period; false at the end. */
  private synchronized boolean sleeps() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PERIOD_MILLIS);
    try {
      while (!ended) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return true;
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  /** Writes back under the monitor, so that {@link #end} waits for it. */
  synchronized void syncIfChanged() {
    if (ended || !changed) {
      return;
    }
    changed = false;
    try {
      service.sync();
    } catch (Exception | Error e) {
      service.log().accept("write-back: " + e);
    }
  }
}
