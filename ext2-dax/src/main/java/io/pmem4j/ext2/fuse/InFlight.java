// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * The requests that workers are answering. The kernel waits neither for RELEASE nor for FORGET, so
 * that the blocks of a file that a program has just removed may be free a moment later. A request
 * that depends on free blocks waits here for those before it. Thread-safe.
 */
final class InFlight {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The bound for files that have lost name and users: a program may refer to them by O_PATH. */
  private static final long MOST_NANOS_FOR_FORGETS = TimeUnit.MILLISECONDS.toNanos(50);

  private final List<Slot> slots = new CopyOnWriteArrayList<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Object ends = new Object();

  /** The state of one worker, which alone changes it: odd while it answers a request. */
  final class Slot {
    private final AtomicLong state = new AtomicLong();

    /** A request was taken. */
    void begin() {
      state.incrementAndGet();
    }

    /** The request was answered, or waits for others itself. */
    void end() {
      state.incrementAndGet();
      if (waiting.get() > 0) {
        synchronized (ends) {
          ends.notifyAll();
        }
      }
    }

    /**
     * Waits until the requests of the other workers are answered, at most a second, and then a
     * moment for the kernel to forget.
     *
     * @param awaitsForget true while there are files that it will forget
     */
    void awaitOthers(BooleanSupplier awaitsForget) {
      end();
      waiting.incrementAndGet();
      try {
        long[] before = new long[slots.size()];
        for (int i = 0; i < before.length; i++) {
          before[i] = slots.get(i).state.get();
        }
        await(() -> isAnyAt(before), MOST_NANOS);
        await(awaitsForget, MOST_NANOS_FOR_FORGETS);
      } finally {
        waiting.decrementAndGet();
        begin();
      }
    }
  }

  /** Returns the slot of a new worker. */
  Slot newSlot() {
    Slot slot = new Slot();
    slots.add(slot);
    return slot;
  }

  private boolean isAnyAt(long[] busy) {
    for (int i = 0; i < busy.length; i++) {
      if (busy[i] % 2 != 0 && slots.get(i).state.get() == busy[i]) {
        return true;
      }
    }
    return false;
  }

  private void await(BooleanSupplier goesOn, long nanos) {
    long deadline = System.nanoTime() + nanos;
    synchronized (ends) {
      while (goesOn.getAsBoolean()) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return;
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(ends, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
