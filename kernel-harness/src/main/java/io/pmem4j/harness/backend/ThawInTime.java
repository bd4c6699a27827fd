// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Thaws a mount if an operation waits for it too long. Who writes to a frozen file system cannot be
 * killed: without a thaw the program, and who waits for its end, would hang for ever.
 */
final class ThawInTime implements AutoCloseable {
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("pmem4j-thaw").factory());

  /** Set before the thaw: who is woken by it sees it, while the thaw itself is still returning. */
  private final AtomicBoolean begun = new AtomicBoolean();

  private final Future<?> thaw;

  /** What ends the waiting. */
  interface Thaw {
    void thaw() throws IOException;
  }

  /**
   * Starts to wait.
   *
   * @param after how long an operation on a frozen mount may take
   */
  ThawInTime(Thaw mount, Duration after) {
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

  /** Whether it had to be thawed, or is being. */
  boolean wasNeeded() {
    thaw.cancel(false);
    return begun.get();
  }

  @Override
  public void close() {
    // A thaw that has begun ends by itself: it waits for nobody.
    thaw.cancel(false);
    executor.close();
  }
}
