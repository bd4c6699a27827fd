// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Finds the CPU on which the workers of a CPU's requests should run: that one, beside the program
 * that waits for them, so that neither wakes another CPU. While requests are large any CPU will do,
 * as their copying may go on beside the program. Thread-safe.
 */
final class HomeCpu {
  /** The time that workers may be away after a large request. */
  private static final long AWAY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final int cpu;
  private final LongSupplier nanoTime;

  private volatile boolean away;

  /** The end of the time away, if {@link #away}. */
  private volatile long until;

  HomeCpu(int cpu, LongSupplier nanoTime) {
    this.cpu = cpu;
    this.nanoTime = nanoTime;
  }

  /** Returns the CPU for the workers, or {@link ClientCpu#ANY}. */
  int wanted() {
    return away ? ClientCpu.ANY : cpu;
  }

  /** Takes note of a request. */
  void requested(long bytes) {
    if (bytes >= ClientCpu.LARGE_BYTES) {
      until = nanoTime.getAsLong() + AWAY_NANOS;
      away = true;
    } else if (away && nanoTime.getAsLong() - until >= 0) {
      away = false;
    }
  }
}
