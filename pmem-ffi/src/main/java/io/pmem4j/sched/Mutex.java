// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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

  private static final VarHandle OWNER;

  static {
    try {
      OWNER = MethodHandles.lookup().findVarHandle(Mutex.class, "owner", Object.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  /** An owner whom others wait for: taking and releasing go through the monitor then. */
  private record Awaited(Object task) {}

  /** Guards the queue. Never held across a yield point, a park or a call out. */
  private final Object state = new Object();

  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

  /**
   * Null when free, the owner, or the owner as {@link Awaited} exactly when the queue is not empty.
   * Free and owned without waiters change into each other by compare and set alone.
   */
  private volatile @Nullable Object owner;

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
    if (OWNER.compareAndSet(this, null, self)) {
      return held;
    }
    Waiter waiter = new Waiter(self, true);
    if (enqueue(waiter)) {
      scheduler.park(this, waiter);
    }
    return held;
  }

  /** Puts a task into the queue; false if the lock was free by now, and the task has it. */
  private boolean enqueue(Waiter waiter) {
    Object self = waiter.task;
    synchronized (state) {
      while (true) {
        Object now = owner;
        if (taskOf(now) == self) {
          throw new IllegalStateException(name + ": self-deadlock, the running task holds it");
        }
        if (now == null || ignoresOwner) {
          if (OWNER.compareAndSet(this, now, self)) {
            return false;
          }
        } else if (now instanceof Awaited || OWNER.compareAndSet(this, now, new Awaited(now))) {
          waiters.add(waiter);
          return true;
        }
      }
    }
  }

  private static @Nullable Object taskOf(@Nullable Object owner) {
    return owner instanceof Awaited awaited ? awaited.task : owner;
  }

  /** Takes the lock if it is free; never waits. False also if the running task holds it. */
  public boolean tryLock() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    return OWNER.compareAndSet(this, null, scheduler.currentTask());
  }

  /**
   * Releases the lock, to the first waiter if there is one.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void unlock() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    if (OWNER.compareAndSet(this, self, null)) {
      return;
    }
    Waiter next;
    synchronized (state) {
      if (taskOf(owner) != self && !ignoresOwner) {
        throw new IllegalStateException(name + ": released by a task that does not hold it");
      }
      next = lifo ? waiters.pollLast() : waiters.poll();
      if (next == null) {
        owner = null; // only where the owner is ignored
      } else {
        owner = waiters.isEmpty() ? next.task : new Awaited(next.task);
        next.grant();
      }
    }
    if (next != null) {
      scheduler.unpark(next.task);
    }
  }

  /** Whether any task holds the lock; may be out of date when it returns. */
  public boolean isLocked() {
    return owner != null;
  }

  /** Whether the running task holds the lock. */
  public boolean isHeld() {
    return taskOf(owner) == scheduler.currentTask();
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
