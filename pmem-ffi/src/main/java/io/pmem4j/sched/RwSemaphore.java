// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reader-writer semaphore with the fairness of Linux 5.10's {@code struct rw_semaphore}: many
 * readers or one writer, uninterruptible, no upgrade.
 *
 * <ul>
 *   <li>A reader that arrives while tasks wait queues behind them: readers cannot starve a writer.
 *   <li>The last owner hands the semaphore to the first waiter. If that is a writer, it alone runs.
 *       If it is a reader, <em>all</em> readers in the queue run, also those behind a waiting
 *       writer. This is the phase-fair rule of {@code rwsem_mark_wake}, without Linux's limit of
 *       256 readers per wake-up.
 *   <li>A task may take the shared side again while it holds it. As in Linux that works without
 *       waiters. Behind a waiting writer it is a certain deadlock: the writer waits for this task.
 * </ul>
 *
 * <p>Where Linux hangs in a certain deadlock of a task with itself, an {@link
 * IllegalStateException} is thrown. That is the exclusive side while holding either, and the shared
 * side while holding the exclusive one, or the shared one behind a waiter. A side is released by
 * the task that took it.
 *
 * <p>Thread-safe. The stores of a writer before {@link #upWrite} are visible to later owners of
 * either side. The stores of readers before {@link #upRead} are visible to later writers.
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
public final class RwSemaphore implements Classified {
  private final Scheduler scheduler;
  private final String name;
  private final @Nullable Enum<?> kind;
  private final HeldLock shared = this::upRead;
  private final HeldLock exclusive = this::upWrite;

  private static final VarHandle OWNERS;

  static {
    try {
      OWNERS = MethodHandles.lookup().findVarHandle(RwSemaphore.class, "owners", Owner.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  /** Guards the queue. Never held across a yield point, a park or a call out. */
  private final Object state = new Object();

  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

  /**
   * Null when free. The youngest is awaited exactly while the queue is not empty. Then only the
   * holder of the monitor changes this field; otherwise it changes by compare and set alone.
   */
  private volatile @Nullable Owner owners;

  /**
   * Makes a free semaphore without a kind.
   *
   * @param name names the protected object, in messages and schedules
   */
  public RwSemaphore(Scheduler scheduler, String name) {
    this(scheduler, name, null);
  }

  /**
   * Makes a free semaphore.
   *
   * @param name names the protected object, in messages and schedules
   * @param kind the kind of lock, by which tools select steps
   */
  public RwSemaphore(Scheduler scheduler, String name, @Nullable Enum<?> kind) {
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

  /** Takes the shared side as {@link #downRead} does, for a try-with-resources statement. */
  public HeldLock shared() {
    downRead();
    return shared;
  }

  /** Takes the exclusive side as {@link #downWrite} does, for a try-with-resources statement. */
  public HeldLock exclusive() {
    downWrite();
    return exclusive;
  }

  /**
   * Takes the shared side; waits without limit. Interrupts stay pending.
   *
   * @throws IllegalStateException if that would be a certain deadlock of the task with itself
   */
  public void downRead() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    if (takeShared(self)) {
      return;
    }
    Waiter waiter = new Waiter(self, false);
    if (enqueueReader(waiter)) {
      scheduler.park(this, waiter);
    }
  }

  /** Takes the shared side unless a writer has it or a task waits. */
  private boolean takeShared(Object self) {
    while (true) {
      Owner now = owners;
      if (now != null && (now.exclusive() || now.awaited())) {
        return false;
      }
      if (OWNERS.compareAndSet(this, now, new Owner(self, false, false, now))) {
        return true;
      }
    }
  }

  /** Queues a reader; returns false if the side had become free, and the task owns it. */
  private boolean enqueueReader(Waiter waiter) {
    Object self = waiter.task;
    synchronized (state) {
      while (!takeShared(self)) {
        Owner now = owners;
        if (now == null || (!now.exclusive() && !now.awaited())) {
          continue;
        }
        refuseIf(
            now.exclusive() && now.task() == self,
            "shared side wanted while holding the exclusive one");
        refuseIf(Owner.holdsShared(self, now), "shared side wanted again behind a waiting writer");
        if (await(now)) {
          waiters.add(waiter);
          return true;
        }
      }
      return false;
    }
  }

  /** Marks the owners as awaited; returns false if they have changed. Needs the monitor. */
  private boolean await(Owner now) {
    return now.awaited() || OWNERS.compareAndSet(this, now, now.awaitedOnes());
  }

  /** Takes the shared side if no writer holds it and no task waits; never waits. */
  public boolean tryDownRead() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    return takeShared(scheduler.currentTask());
  }

  /**
   * Releases the shared side; the last reader hands over to the first waiter.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void upRead() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    Owner now = owners;
    if (now != null
        && now.task() == self
        && !now.exclusive()
        && !now.awaited()
        && OWNERS.compareAndSet(this, now, now.older())) {
      return;
    }
    List<Waiter> granted = List.of();
    synchronized (state) {
      while (true) {
        now = owners;
        if (now == null || !Owner.holdsShared(self, now)) {
          throw notHeld("shared side");
        }
        Owner rest = Owner.without(self, now);
        if (!now.awaited()) {
          if (OWNERS.compareAndSet(this, now, rest)) {
            return;
          }
        } else if (rest == null) {
          granted = handOver();
          break;
        } else {
          owners = rest.awaitedOnes();
          break;
        }
      }
    }
    unpark(granted);
  }

  /**
   * Takes the exclusive side; waits without limit. Interrupts stay pending.
   *
   * @throws IllegalStateException if the running task holds either side
   */
  public void downWrite() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    if (takeExclusive(self)) {
      return;
    }
    Waiter waiter = new Waiter(self, true);
    if (enqueueWriter(waiter)) {
      scheduler.park(this, waiter);
    }
  }

  private boolean takeExclusive(Object self) {
    return owners == null && OWNERS.compareAndSet(this, null, new Owner(self, true, false, null));
  }

  /** Queues a writer; returns false if the side had become free, and the task owns it. */
  private boolean enqueueWriter(Waiter waiter) {
    Object self = waiter.task;
    synchronized (state) {
      while (!takeExclusive(self)) {
        Owner now = owners;
        if (now == null) {
          continue;
        }
        refuseIf(now.exclusive() && now.task() == self, "exclusive side wanted while holding it");
        refuseIf(
            Owner.holdsShared(self, now), "exclusive side wanted while holding the shared one");
        if (await(now)) {
          waiters.add(waiter);
          return true;
        }
      }
      return false;
    }
  }

  /** Takes the exclusive side if the semaphore is free; never waits. */
  public boolean tryDownWrite() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    return takeExclusive(scheduler.currentTask());
  }

  /**
   * Releases the exclusive side and hands over to the first waiter.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void upWrite() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    Owner now = owners;
    if (now == null || !now.exclusive() || now.task() != self) {
      throw notHeld("exclusive side");
    }
    if (!now.awaited() && OWNERS.compareAndSet(this, now, null)) {
      return;
    }
    List<Waiter> granted;
    synchronized (state) {
      granted = handOver();
    }
    unpark(granted);
  }

  /** Returns true if any task holds either side; may be out of date when it returns. */
  public boolean isLocked() {
    return owners != null;
  }

  /** Returns true if the running task holds the exclusive side. */
  public boolean isHeldExclusively() {
    Owner now = owners;
    return now != null && now.exclusive() && now.task() == scheduler.currentTask();
  }

  /** Returns true if the running task holds the shared side; the exclusive one does not count. */
  public boolean isHeldShared() {
    return Owner.holdsShared(scheduler.currentTask(), owners);
  }

  /**
   * Asserts that the running task holds the exclusive side.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeldExclusively() {
    if (!isHeldExclusively()) {
      throw new IllegalStateException(name + ": exclusive side not held by the running task");
    }
  }

  /**
   * Asserts that the running task holds either side.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeld() {
    if (!isHeldShared() && !isHeldExclusively()) {
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
    return "RwSemaphore " + name;
  }

  /** Makes the next phase the owners. Needs the monitor; the caller unparks them outside it. */
  private List<Waiter> handOver() {
    Waiter first = Objects.requireNonNull(waiters.peek());
    List<Waiter> phase = new ArrayList<>();
    Owner next = null;
    for (Iterator<Waiter> queue = waiters.iterator(); queue.hasNext(); ) {
      Waiter waiter = queue.next();
      if (first.exclusive ? waiter != first : waiter.exclusive) {
        continue;
      }
      queue.remove();
      phase.add(waiter);
      next = new Owner(waiter.task, waiter.exclusive, false, next);
    }
    Owner youngest = Objects.requireNonNull(next);
    owners = waiters.isEmpty() ? youngest : youngest.awaitedOnes();
    // All are owners before one of them can run and release its side.
    phase.forEach(Waiter::grant);
    return phase;
  }

  private void unpark(List<Waiter> granted) {
    for (Waiter waiter : granted) {
      scheduler.unpark(waiter.task);
    }
  }

  private void refuseIf(boolean selfDeadlock, String what) {
    if (selfDeadlock) {
      throw new IllegalStateException(name + ": self-deadlock, " + what);
    }
  }

  private IllegalStateException notHeld(String side) {
    return new IllegalStateException(
        name + ": " + side + " released by a task that does not hold it");
  }
}
