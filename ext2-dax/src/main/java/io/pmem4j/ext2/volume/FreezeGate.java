// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@code sb_writers}: whoever is about to change the file system enters by the gate of its kind;
 * whoever freezes the file system closes all three, one after the other, and each when those inside
 * have left. Thread-safe.
 *
 * <p>A gate stays closed until the thaw, by whichever task; nobody owns it meanwhile. As in the
 * kernel the order check sees the three as locks that freezing takes one under the other.
 */
public final class FreezeGate {
  private final Scheduler scheduler;
  private final LockValidator validator;
  private final OrderedRwSemaphore sUmount;
  private final Gate writers;
  private final Gate pagefaults;
  private final Gate internal;

  /** The tasks that wait for the thaw, in order of arrival; each leaves after the thaw. */
  private final Map<Long, Object> waiting = new ConcurrentSkipListMap<>();

  private final AtomicLong arrivals = new AtomicLong();

  /** Counts the thaws; tasks that wait for one compare it. */
  private final AtomicInteger thaws = new AtomicInteger();

  private final class Gate {
    private final LockClass lockClass;
    private final OrderedRwSemaphore inside;
    private volatile boolean closed;

    Gate(LockClass lockClass) {
      this.lockClass = lockClass;
      this.inside = new OrderedRwSemaphore(scheduler, validator, lockClass, lockClass.twin());
    }

    HeldLock enter() {
      // Who waits for a thaw holds what it holds: the order is checked before the wait.
      validator.mightAcquire(lockClass, lockClass.twin());
      while (true) {
        int seen = thaws.get();
        if (closed) {
          waitForThaw(seen);
          continue;
        }
        HeldLock held = inside.shared();
        if (!closed) {
          return held;
        }
        held.close();
      }
    }

    /** Returns null where {@link #enter} would wait. */
    @Nullable HeldLock tryEnter() {
      if (closed) {
        return null;
      }
      HeldLock held = inside.tryShared();
      if (held != null && closed) {
        held.close();
        return null;
      }
      return held;
    }

    /** Closes the gate and waits until nobody is inside. */
    HeldLock close() {
      closed = true;
      return inside.exclusive();
    }
  }

  FreezeGate(Scheduler scheduler, LockValidator validator) {
    this.scheduler = scheduler;
    this.validator = validator;
    sUmount = new OrderedRwSemaphore(scheduler, validator, LockClass.S_UMOUNT, "s_umount");
    writers = new Gate(LockClass.SB_WRITERS);
    pagefaults = new Gate(LockClass.SB_PAGEFAULT);
    internal = new Gate(LockClass.SB_INTERNAL);
  }

  private void waitForThaw(int seen) {
    long arrival = arrivals.incrementAndGet();
    waiting.put(arrival, scheduler.currentTask());
    scheduler.observed(Observation.BLOCKS_ON_FREEZE, 0, 0);
    scheduler.park(this, () -> thaws.get() != seen);
    waiting.remove(arrival);
  }

  /** {@code sb_start_write}: a system call that changes something. */
  public HeldLock startWrite() {
    return writers.enter();
  }

  /** {@code sb_start_write_trylock}: null while the file system is frozen. */
  public @Nullable HeldLock tryStartWrite() {
    return writers.tryEnter();
  }

  /** {@code sb_start_pagefault}: a shared write fault. */
  public HeldLock startPagefault() {
    return pagefaults.enter();
  }

  /** {@code sb_start_intwrite}: eviction of a deleted inode. */
  public HeldLock startInternalWrite() {
    return internal.enter();
  }

  /** Work between the closing of two gates; may fail. */
  @FunctionalInterface
  public interface Step<E extends Exception> {
    /** Runs the step once. */
    void run() throws E;
  }

  /**
   * {@code freeze_super}: system calls first, then page faults, then what is internal.
   *
   * @param write writes everything back, between the second gate and the third
   * @param last what the file system does when everybody is out
   */
  public <E extends Exception> void freeze(Step<E> write, Step<E> last) throws E {
    boolean done = false;
    try (var _ = writers.close();
        var _ = sUmount.exclusive();
        var _ = pagefaults.close()) {
      write.run();
      try (var _ = internal.close()) {
        last.run();
      }
      done = true;
    } finally {
      if (!done) {
        thaw();
      }
    }
  }

  /** {@code thaw_super}: opens all gates; everybody who waits goes on. */
  public void thaw() {
    internal.closed = false;
    pagefaults.closed = false;
    writers.closed = false;
    thaws.incrementAndGet();
    waiting.values().forEach(scheduler::unpark);
  }

  /** In messages about who waits for it. */
  @Override
  public String toString() {
    return "thaw";
  }
}
