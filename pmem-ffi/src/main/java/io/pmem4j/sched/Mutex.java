// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock after Linux's {@code struct mutex}: not reentrant, owned by the task that
 * took it, uninterruptible, first come first served. The releaser hands the lock to the first
 * waiter; nobody overtakes the queue.
 *
 * <p>Taking a mutex that the running task already holds is a certain deadlock and is reported as an
 * {@link IllegalStateException}; Linux would hang.
 *
 * <p>Thread-safe. What one owner wrote before {@link #unlock} the next one sees after {@link
 * #lock}.
 *
 * <p>Seeded faults: {@code mutex-ignores-owner} grants the lock while it is held, {@code
 * mutex-lifo} serves the last waiter first.
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
public final class Mutex {
  private final Scheduler scheduler;
  private final String name;
  private final boolean ignoresOwner;
  private final boolean lifo;
  private final Held held = this::unlock;

  /** Guards the fields below. Never held across a yield point, a park or a call out. */
  private final Object state = new Object();

  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private @Nullable Object owner;

  /**
   * A mutex that nobody holds.
   *
   * @param name what it protects, for messages and schedules
   */
  public Mutex(Scheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
    this.ignoresOwner = scheduler.seeded("mutex-ignores-owner");
    this.lifo = scheduler.seeded("mutex-lifo");
  }

  /** The name given at construction. */
  public String name() {
    return name;
  }

  /**
   * Takes the lock, waiting as long as it takes. Interrupts do not end the wait and stay pending.
   *
   * @return the token that releases it, for try-with-resources
   * @throws IllegalStateException if the running task holds the lock
   */
  public Held lock() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    Waiter waiter;
    synchronized (state) {
      if (owner == self) {
        throw new IllegalStateException(name + ": self-deadlock, the running task holds it");
      }
      if (owner == null || ignoresOwner) {
        owner = self;
        return held;
      }
      waiter = new Waiter(self, true);
      waiters.add(waiter);
    }
    scheduler.park(this, waiter);
    return held;
  }

  /** Takes the lock if it is free; never waits. False also if the running task holds it. */
  public boolean tryLock() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    synchronized (state) {
      if (owner != null) {
        return false;
      }
      owner = self;
      return true;
    }
  }

  /**
   * Releases the lock, to the first waiter if there is one.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void unlock() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    Waiter next;
    synchronized (state) {
      if (owner != self && !ignoresOwner) {
        throw new IllegalStateException(name + ": released by a task that does not hold it");
      }
      next = lifo ? waiters.pollLast() : waiters.poll();
      owner = next == null ? null : next.task;
      if (next != null) {
        next.grant();
      }
    }
    if (next != null) {
      scheduler.unpark(next.task);
    }
  }

  /** Whether any task holds the lock; may be out of date when it returns. */
  public boolean isLocked() {
    synchronized (state) {
      return owner != null;
    }
  }

  /** Whether the running task holds the lock. */
  public boolean isHeld() {
    Object self = scheduler.currentTask();
    synchronized (state) {
      return owner == self;
    }
  }

  /**
   * States that the running task holds the lock.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeld() {
    if (!isHeld()) {
      throw new IllegalStateException(name + ": not held by the running task");
    }
  }

  /** How many tasks wait; may be out of date when it returns. */
  public int queueLength() {
    synchronized (state) {
      return waiters.size();
    }
  }

  @Override
  public String toString() {
    return "Mutex " + name;
  }
}
