// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.util.ArrayList;
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
 *
 * <p>Readers of {@code /dev/fuse} take requests in their order. An io_uring gives each worker one
 * of its own, and a worker that has one may not have run yet. So such workers are asked.
 */
final class InFlight {
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final List<Slot> slots = new CopyOnWriteArrayList<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final Object ends = new Object();

  /** The state of one worker, which alone changes it: odd while it answers a request. */
  final class Slot {
    private final AtomicLong state = new AtomicLong();
    private final BooleanSupplier ask;
    private final AtomicLong asked = new AtomicLong();
    private final AtomicLong answers = new AtomicLong();

    /** True while the worker waits for others with the only request that it has. */
    private volatile boolean waits;

    private Slot(BooleanSupplier ask) {
      this.ask = ask;
    }

    /** A request was taken. */
    void begin() {
      state.incrementAndGet();
    }

    /** The request was answered, or waits for others itself. */
    void end() {
      state.incrementAndGet();
      changed();
    }

    /** The worker saw a number of questions, and has answered all requests before them. */
    void answered(int questions) {
      if (questions > 0) {
        answers.addAndGet(questions);
        changed();
      }
    }

    /**
     * Waits until the requests of the other workers are answered, and then for the kernel to
     * forget, at most a second each.
     *
     * @param alsoUnbegun true to wait for requests that a worker has been given but not begun
     * @param awaitsForget true while there are files that it will forget
     */
    void awaitOthers(boolean alsoUnbegun, BooleanSupplier awaitsForget) {
      waits = true;
      end();
      waiting.incrementAndGet();
      try {
        List<Mark> before = new ArrayList<>();
        for (Slot slot : slots) {
          if (slot != this) {
            before.add(mark(slot, alsoUnbegun));
          }
        }
        await(() -> before.stream().anyMatch(Mark::isBusy));
        await(awaitsForget);
      } finally {
        waiting.decrementAndGet();
        waits = false;
        begin();
      }
    }
  }

  /**
   * The state of a worker at a moment.
   *
   * @param question the number of the question that it was asked then; 0 for none
   */
  private record Mark(Slot slot, long state, long question) {
    /** Returns true if it may not have answered a request of that moment. */
    boolean isBusy() {
      long now = slot.state.get();
      return state % 2 != 0
          ? now == state
          : now < state + 2 && slot.answers.get() < question && !slot.waits;
    }
  }

  private static Mark mark(Slot slot, boolean asks) {
    long state = slot.state.get();
    if (!asks || state % 2 != 0) {
      return new Mark(slot, state, 0);
    }
    long question = slot.asked.incrementAndGet();
    if (!slot.ask.getAsBoolean()) {
      // It takes no requests, or only in their order.
      slot.answers.incrementAndGet();
      return new Mark(slot, state, 0);
    }
    return new Mark(slot, state, question);
  }

  private void changed() {
    if (waiting.get() > 0) {
      synchronized (ends) {
        ends.notifyAll();
      }
    }
  }

  /** Returns the slot of a new worker, which takes requests in their order. */
  Slot newSlot() {
    return newSlot(() -> false);
  }

  /**
   * Returns the slot of a new worker.
   *
   * @param ask puts a question behind the requests that the worker was given, which it answers by
   *     {@link Slot#answered}; false if it takes no requests
   */
  Slot newSlot(BooleanSupplier ask) {
    Slot slot = new Slot(ask);
    slots.add(slot);
    return slot;
  }

  private void await(BooleanSupplier goesOn) {
    long deadline = System.nanoTime() + MOST_NANOS;
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
