// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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

  /** Guards the fields below. Never held across a yield point, a park or a call out. */
  private final Object state = new Object();

  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

  /** One entry for each time the shared side is held. Few at a time: scanned, not hashed. */
  private final ArrayList<Object> readers = new ArrayList<>();

  private @Nullable Object writer;

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
    Waiter waiter;
    synchronized (state) {
      refuseIf(writer == self, "shared side wanted while holding the exclusive one");
      if (sharedIsFree()) {
        readers.add(self);
        return;
      }
      refuseIf(holdsShared(self), "shared side wanted again behind a waiting writer");
      waiter = new Waiter(self, false);
      waiters.add(waiter);
    }
    scheduler.park(this, waiter);
  }

  /** Takes the shared side if no writer holds it and nobody waits; never waits. */
  public boolean tryDownRead() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    synchronized (state) {
      return sharedIsFree() && readers.add(self);
    }
  }

  /**
   * Releases the shared side; the last reader hands over to the first waiter.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void upRead() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    List<Waiter> granted;
    synchronized (state) {
      int entry = indexOfReader(self);
      refuseUnless(entry >= 0, "shared side");
      // Order among the entries means nothing: the last one fills the gap.
      Object last = readers.removeLast();
      if (entry < readers.size()) {
        readers.set(entry, last);
      }
      granted = readers.isEmpty() ? handOver() : List.of();
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
    Waiter waiter;
    synchronized (state) {
      refuseIf(writer == self, "exclusive side wanted while holding it");
      refuseIf(holdsShared(self), "exclusive side wanted while holding the shared one");
      if (exclusiveIsFree()) {
        writer = self;
        return;
      }
      waiter = new Waiter(self, true);
      waiters.add(waiter);
    }
    scheduler.park(this, waiter);
  }

  /** Takes the exclusive side if nobody holds either; never waits. */
  public boolean tryDownWrite() {
    scheduler.yieldPoint(Scheduler.Point.ACQUIRE, this);
    Object self = scheduler.currentTask();
    synchronized (state) {
      if (!exclusiveIsFree()) {
        return false;
      }
      writer = self;
      return true;
    }
  }

  /**
   * Releases the exclusive side and hands over to the first waiter.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  public void upWrite() {
    scheduler.yieldPoint(Scheduler.Point.RELEASE, this);
    Object self = scheduler.currentTask();
    List<Waiter> granted;
    synchronized (state) {
      refuseUnless(writer == self, "exclusive side");
      writer = null;
      granted = handOver();
    }
    unpark(granted);
  }

  /** Whether any task holds either side; may be out of date when it returns. */
  public boolean isLocked() {
    synchronized (state) {
      return writer != null || !readers.isEmpty();
    }
  }

  /** Whether the running task holds the exclusive side. */
  public boolean isHeldExclusively() {
    Object self = scheduler.currentTask();
    synchronized (state) {
      return writer == self;
    }
  }

  /** Whether the running task holds the shared side (not merely the exclusive one). */
  public boolean isHeldShared() {
    Object self = scheduler.currentTask();
    synchronized (state) {
      return holdsShared(self);
    }
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

  private boolean sharedIsFree() {
    return writer == null && (waiters.isEmpty() || (readersBarge && !readers.isEmpty()));
  }

  private boolean exclusiveIsFree() {
    return writer == null && waiters.isEmpty() && (readers.isEmpty() || ignoresReaders);
  }

  /** Makes the next phase owners; the caller unparks them outside the monitor. */
  private List<Waiter> handOver() {
    Waiter first = waiters.peek();
    if (writer != null || first == null) {
      return List.of();
    }
    if (first.exclusive) {
      waiters.remove();
      writer = first.task;
      first.grant();
      return List.of(first);
    }
    List<Waiter> phase = new ArrayList<>();
    for (Iterator<Waiter> queue = waiters.iterator(); queue.hasNext(); ) {
      Waiter waiter = queue.next();
      if (waiter.exclusive || (wakesOneReader && !phase.isEmpty())) {
        continue;
      }
      queue.remove();
      phase.add(waiter);
      readers.add(waiter.task);
    }
    // Counted in before any of them can run and count itself out again.
    phase.forEach(Waiter::grant);
    return phase;
  }

  private void unpark(List<Waiter> granted) {
    for (Waiter waiter : granted) {
      scheduler.unpark(waiter.task);
    }
  }

  private boolean holdsShared(Object task) {
    return indexOfReader(task) >= 0;
  }

  private int indexOfReader(Object task) {
    for (int i = readers.size() - 1; i >= 0; i--) {
      if (readers.get(i) == task) {
        return i;
      }
    }
    return -1;
  }

  private void refuseIf(boolean selfDeadlock, String what) {
    if (selfDeadlock) {
      throw new IllegalStateException(name + ": self-deadlock, " + what);
    }
  }

  private void refuseUnless(boolean holds, String side) {
    if (!holds) {
      throw new IllegalStateException(
          name + ": " + side + " released by a task that does not hold it");
    }
  }
}
