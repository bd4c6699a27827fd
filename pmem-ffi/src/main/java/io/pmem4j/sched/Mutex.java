// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A mutual exclusion lock after Linux's {@code struct mutex}: not reentrant, owned by the task that
 * took it, uninterruptible, first come first served. The releaser hands the lock to the first
 * waiter; no task overtakes the queue.
 *
 * <p>Taking a mutex that the running task already holds is a certain deadlock and is reported as an
 * {@link IllegalStateException}; Linux would hang.
 *
 * <p>Thread-safe. The stores of one owner before {@link #unlock} are visible to the next owner
 * after {@link #lock}.
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
public final class Mutex implements Classified {
  private final Scheduler scheduler;
  private final String name;
  private final @Nullable Enum<?> kind;
  private final HeldLock held = this::unlock;

  private static final VarHandle OWNER;

  static {
    try {
      OWNER = MethodHandles.lookup().findVarHandle(Mutex.class, "owner", Object.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  /** An owner with waiters: lock and unlock then go through the monitor. */
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
   * Makes a free mutex without a kind.
   *
   * @param name names the protected object, in messages and schedules
   */
  public Mutex(Scheduler scheduler, String name) {
    this(scheduler, name, null);
  }

  /**
   * Makes a free mutex.
   *
   * @param name names the protected object, in messages and schedules
   * @param kind the kind of lock, by which tools select steps
   */
  public Mutex(Scheduler scheduler, String name, @Nullable Enum<?> kind) {
    this.scheduler = scheduler;
    this.name = name;
    this.kind = kind;
  }

  @Override
  public @Nullable Enum<?> kind() {
    return kind;
  }

  /** Returns the name given at construction. */
  public String name() {
    return name;
  }

  /**
   * Takes the lock; waits without limit. Interrupts do not end the wait and stay pending.
   *
   * @return the token that releases it, for try-with-resources
   * @throws IllegalStateException if the running task holds the lock
   */
  public HeldLock lock() {
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

  /** Queues a task; returns false if the lock had become free, and the task owns it. */
  private boolean enqueue(Waiter waiter) {
    Object self = waiter.task;
    synchronized (state) {
      while (true) {
        Object now = owner;
        if (taskOf(now) == self) {
          throw new IllegalStateException(name + ": self-deadlock, the running task holds it");
        }
        if (now == null) {
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

  /** Takes the lock if it is free; never waits. Returns false also if the running task holds it. */
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
      if (taskOf(owner) != self) {
        throw new IllegalStateException(name + ": released by a task that does not hold it");
      }
      next = waiters.remove();
      owner = waiters.isEmpty() ? next.task : new Awaited(next.task);
      next.grant();
    }
    scheduler.unpark(next.task);
  }

  /** Returns true if any task holds the lock; may be out of date when it returns. */
  public boolean isLocked() {
    return owner != null;
  }

  /** Returns true if the running task holds the lock. */
  public boolean isHeld() {
    return taskOf(owner) == scheduler.currentTask();
  }

  /**
   * Asserts that the running task holds the lock.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeld() {
    if (!isHeld()) {
      throw new IllegalStateException(name + ": not held by the running task");
    }
  }

  /** Returns the number of waiters; may be out of date when it returns. */
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
