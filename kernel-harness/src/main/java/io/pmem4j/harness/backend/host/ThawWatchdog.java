// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Thaws a mount if an operation blocks on it for too long. A task that writes to a frozen file
 * system cannot be killed. Without a thaw the program, and each process that waits for its end,
 * would hang for ever.
 */
final class ThawWatchdog implements AutoCloseable {
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("pmem4j-thaw").factory());

  /** Set before the thaw, so that a task woken by the thaw sees it. */
  private final AtomicBoolean begun = new AtomicBoolean();

  private final Future<?> thaw;

  /** The call that ends the freeze. */
  interface Thaw {
    void thaw() throws IOException;
  }

  /**
   * Starts to wait.
   *
   * @param after how long an operation on a frozen mount may take
   */
  ThawWatchdog(Thaw mount, Duration after) {
    this.thaw =
        executor.schedule(
            () -> {
              begun.set(true);
              try {
                mount.thaw();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            after.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Returns whether the mount was thawed by this watchdog, or is being thawed. */
  boolean fired() {
    thaw.cancel(false);
    return begun.get();
  }

  @Override
  public void close() {
    // A thaw that has begun ends by itself: it blocks on no task.
    thaw.cancel(false);
    executor.close();
  }
}
