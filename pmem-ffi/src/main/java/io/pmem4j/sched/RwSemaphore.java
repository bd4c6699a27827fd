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
 *   <li>A reader that arrives while anybody waits queues behind them: readers cannot starve a
 *       writer.
 *   <li>The one who frees the semaphore hands it to the first waiter. If that is a writer, it alone
 *       runs; if it is a reader, <em>all</em> readers in the queue run, also those behind a waiting
 *       writer (the phase-fair rule of {@code rwsem_mark_wake}; Linux's limit of 256 readers per
 *       wake-up does not matter here).
 *   <li>A task may take the shared side again while it holds it. As in Linux that works when nobody
 *       waits; behind a waiting writer it is a certain deadlock (the writer waits for this task).
 * </ul>
 *
 * <p>Certain deadlocks of a task with itself, where Linux hangs, are {@link
 * IllegalStateException}s: the exclusive side while holding either, the shared side while holding
 * the exclusive one or while holding the shared one behind a waiter. A side is released by the task
 * that took it.
 *
 * <p>Thread-safe. What a writer wrote before {@link #upWrite} later owners of either side see; what
 * readers did before {@link #upRead} later writers see.
 *
 * <p>Seeded faults: {@code rwsem-readers-barge} lets a reader pass waiting writers, {@code
 * rwsem-wakes-one-reader} hands over to the first reader only, {@code rwsem-ignores-readers} grants
 * the exclusive side while readers run.
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
public final class RwSemaphore {
  private final Scheduler scheduler;
  private final String name;
  private final boolean readersBarge;
  private final boolean wakesOneReader;
  private final boolean ignoresReaders;
  private final Held shared = this::upRead;
  private final Held exclusive = this::upWrite;

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
   * Null when free. While the youngest is awaited, which is exactly while the queue is not empty,
   * only the holder of the monitor changes it; otherwise it changes by compare and set alone.
   */
  private volatile @Nullable Owner owners;

  /**
   * A semaphore that nobody holds.
   *
   * @param name what it protects, for messages and schedules
   */
  public RwSemaphore(Scheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
    this.readersBarge = scheduler.seeded("rwsem-readers-barge");
    this.wakesOneReader = scheduler.seeded("rwsem-wakes-one-reader");
    this.ignoresReaders = scheduler.seeded("rwsem-ignores-readers");
  }

  /** The name given at construction. */
  public String name() {
    return name;
  }

  /** {@link #downRead}, released at the end of a try-with-resources statement. */
  public Held shared() {
    downRead();
    return shared;
  }

  /** {@link #downWrite}, released at the end of a try-with-resources statement. */
  public Held exclusive() {
    downWrite();
    return exclusive;
  }

  /**
   * Takes the shared side, waiting as long as it takes; interrupts stay pending.
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

  /** Takes the shared side unless a writer has it or anybody waits. */
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

  /** Puts a reader into the queue; false if the side was free by now, and the task has it. */
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
        if (readersBarge && !now.exclusive()) {
          owners = new Owner(self, false, true, now);
          return false;
        }
        refuseIf(Owner.holdsShared(self, now), "shared side wanted again behind a waiting writer");
        if (await(now)) {
          waiters.add(waiter);
          return true;
        }
      }
      return false;
    }
  }

  /** Marks the owners as awaited; false if they have changed. Called under the monitor. */
  private boolean await(Owner now) {
    return now.awaited() || OWNERS.compareAndSet(this, now, now.awaitedOnes());
  }

  /** Takes the shared side if no writer holds it and nobody waits; never waits. */
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
   * Takes the exclusive side, waiting as long as it takes; interrupts stay pending.
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

  /** Puts a writer into the queue; false if the side was free by now, and the task has it. */
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
        if (ignoresReaders
            && !now.exclusive()
            && OWNERS.compareAndSet(this, now, new Owner(self, true, now.awaited(), now))) {
          return false;
        }
        if (await(now)) {
          waiters.add(waiter);
          return true;
        }
      }
      return false;
    }
  }

  /** Takes the exclusive side if nobody holds either; never waits. */
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
    // Below a writer are readers, and they may leave, only where those are ignored.
    if (!now.awaited() && OWNERS.compareAndSet(this, now, now.older())) {
      return;
    }
    List<Waiter> granted = List.of();
    synchronized (state) {
      Owner below = Objects.requireNonNull(owners).older();
      if (below == null) {
        granted = handOver();
      } else {
        owners = below.awaitedOnes();
      }
    }
    unpark(granted);
  }

  /** Whether any task holds either side; may be out of date when it returns. */
  public boolean isLocked() {
    return owners != null;
  }

  /** Whether the running task holds the exclusive side. */
  public boolean isHeldExclusively() {
    Owner now = owners;
    return now != null && now.exclusive() && now.task() == scheduler.currentTask();
  }

  /** Whether the running task holds the shared side (not merely the exclusive one). */
  public boolean isHeldShared() {
    return Owner.holdsShared(scheduler.currentTask(), owners);
  }

  /**
   * States that the running task holds the exclusive side.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeldExclusively() {
    if (!isHeldExclusively()) {
      throw new IllegalStateException(name + ": exclusive side not held by the running task");
    }
  }

  /**
   * States that the running task holds a side, either one.
   *
   * @throws IllegalStateException if it does not
   */
  public void assertHeld() {
    if (!isHeldShared() && !isHeldExclusively()) {
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
    return "RwSemaphore " + name;
  }

  /** Makes the next phase owners, under the monitor; the caller unparks them outside. */
  private List<Waiter> handOver() {
    Waiter first = Objects.requireNonNull(waiters.peek());
    List<Waiter> phase = new ArrayList<>();
    Owner next = null;
    for (Iterator<Waiter> queue = waiters.iterator(); queue.hasNext(); ) {
      Waiter waiter = queue.next();
      if (first.exclusive ? waiter != first : waiter.exclusive) {
        continue;
      }
      if (wakesOneReader && !phase.isEmpty()) {
        continue;
      }
      queue.remove();
      phase.add(waiter);
      next = new Owner(waiter.task, waiter.exclusive, false, next);
    }
    Owner youngest = Objects.requireNonNull(next);
    owners = waiters.isEmpty() ? youngest : youngest.awaitedOnes();
    // Counted in before any of them can run and count itself out again.
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
