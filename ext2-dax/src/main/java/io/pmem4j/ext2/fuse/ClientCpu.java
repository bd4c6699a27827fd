// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;

/**
 * Finds the CPU on which the workers of a mount should run: that of the program that waits for
 * them. Thread-safe.
 *
 * <p>A program that makes one small call after another sleeps while its request is answered. A
 * worker on the same CPU then costs two context switches; on another CPU it costs two interrupts
 * and a CPU that wakes up, several times as long. The scheduler does not know that the two
 * alternate, and spreads them.
 *
 * <p>While other CPUs are idle, the scheduler may move a program away from the worker that wakes
 * it. A worker that follows then drives it from CPU to CPU, which costs three times what it saves.
 * So a program that leaves the CPU of the workers is left to the scheduler for a while, as programs
 * on several CPUs are, and large requests, whose copying may go on beside the program.
 */
final class ClientCpu {
  /** Any CPU will do. */
  static final int ANY = -1;

  /** The bytes of a request or of its answer from which copying is the larger part of it. */
  static final int LARGE_BYTES = 64 << 10;

  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** The time without a wish after programs were seen on several CPUs, or one on another. */
  private static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final IntUnaryOperator cpuOfThread;
  private final LongSupplier nanoTime;

  private volatile int wanted = ANY;
  private volatile long next;

  /** The thread that was seen last. Guarded by this, like those below. */
  private int client;

  /**
   * Makes the state of a mount.
   *
   * @param cpuOfThread returns the CPU on which a thread ran last, {@link #ANY} if unknown
   * @param nanoTime the clock
   */
  ClientCpu(IntUnaryOperator cpuOfThread, LongSupplier nanoTime) {
    this.cpuOfThread = cpuOfThread;
    this.nanoTime = nanoTime;
    this.next = nanoTime.getAsLong();
  }

  /** Returns the CPU for the workers, or {@link #ANY}. */
  int wanted() {
    return wanted;
  }

  /** Takes note of a request for which a thread waits, every few milliseconds. */
  void requested(int thread, long bytes) {
    if (bytes >= LARGE_BYTES) {
      if (wanted != ANY) {
        leaveToScheduler();
      }
    } else if (nanoTime.getAsLong() - next >= 0) {
      observe(thread);
    }
  }

  private synchronized void leaveToScheduler() {
    wanted = ANY;
    client = 0;
    next = nanoTime.getAsLong() + APART_NANOS;
  }

  private synchronized void observe(int thread) {
    if (nanoTime.getAsLong() - next < 0) {
      return;
    }
    int cpu = cpuOfThread.applyAsInt(thread);
    if (wanted != ANY && cpu != wanted) {
      leaveToScheduler();
      return;
    }
    if (thread == client) {
      wanted = cpu;
    }
    client = thread;
    next = nanoTime.getAsLong() + PERIOD_NANOS;
  }
}
