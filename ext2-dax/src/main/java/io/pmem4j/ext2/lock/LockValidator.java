// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import io.pmem4j.ext2.lock.LockGraph.Dependency;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Lockdep: checks every acquisition of a task before the task can block, by three rules.
 *
 * <ol>
 *   <li>No second lock of a class, unless the class nests. Two shared holds count too: new readers
 *       queue behind a waiting writer, so a writer in between makes a task wait for itself.
 *   <li>No circle of classes. A lock that is held shared counts like one that is held alone, for
 *       the same reason.
 *   <li>Nothing that the {@link LockOrder} forbids.
 * </ol>
 *
 * <p>Under an {@link LockOrder#unchecked} order none of these, and no edges.
 *
 * <p>Page locks and DAX entry locks are checked like all others. The edges that were really taken
 * are the material to compare with the kernel's {@code /proc/lockdep}.
 *
 * <p>Thread-safe. Tasks are the scheduler's.
 */
@SuppressWarnings("ReferenceEquality") // locks are compared by identity
public final class LockValidator {
  private final LockOrder order;
  private final Scheduler scheduler;
  private final HeldLocks held;
  private final LockGraph graph = new LockGraph();
  private final Set<Edge> lockdepEdges = ConcurrentHashMap.newKeySet();
  private final Set<Edge> edgesOverPageLocks = ConcurrentHashMap.newKeySet();

  /** Checks the tasks of a scheduler against one order. */
  public LockValidator(LockOrder order, Scheduler scheduler) {
    this.order = order;
    this.scheduler = scheduler;
    this.held = HeldLocks.of(scheduler);
  }

  /**
   * One lock taken inside another.
   *
   * @param outer held first
   * @param inner taken under it
   */
  public record Edge(LockClass outer, LockClass inner) {
    /** The edge as {@code /proc/lockdep} has it, without the number of a class's instance. */
    @Override
    public String toString() {
      return outer.twin() + " -> " + inner.twin();
    }
  }

  /** The order that acquisitions must follow. */
  public LockOrder order() {
    return order;
  }

  /** Returns the lock classes that the calling task holds, innermost last. */
  public List<LockClass> heldByCaller() {
    return held.of(scheduler.currentTask()).stream().map(HeldEntry::lockClass).toList();
  }

  /** All edges seen so far, indirect ones and those of classes that lockdep cannot see too. */
  public Set<Edge> edges() {
    return graph.all().stream()
        .map(each -> new Edge(each.outer().lockClass(), each.inner().lockClass()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * The edges by lockdep's rule: from the lock that was taken last before, of those it can see.
   * Without those within a class and those of classes that are not compared.
   */
  public Set<Edge> lockdepEdges() {
    return Set.copyOf(lockdepEdges);
  }

  /**
   * The edges over a page lock that is held in between, which a lockdep that knows no page locks
   * sees in its place.
   */
  public Set<Edge> edgesOverPageLocks() {
    return Set.copyOf(edgesOverPageLocks);
  }

  /**
   * {@code might_lock}: the code that runs now may have to take a lock of this class, whether or
   * not it does so this time.
   *
   * @throws LockOrderViolation as if it did
   */
  public void mightAcquire(LockClass lockClass, String why) {
    check(scheduler.currentTask(), new HeldEntry(lockClass, lockClass, why, false));
  }

  /**
   * Called before the lock is waited for, so that a wrong order is reported and not a hang.
   *
   * @throws LockOrderViolation if a rule forbids it under what the task holds
   */
  void acquiring(Object lock, LockClass lockClass, String name, boolean exclusive) {
    Object task = scheduler.currentTask();
    HeldEntry wanted = new HeldEntry(lock, lockClass, name, exclusive);
    check(task, wanted);
    held.push(task, wanted);
  }

  /** Called for a lock that is taken alone without waiting, which nothing forbids. */
  void taken(Object lock, LockClass lockClass, String name) {
    held.push(scheduler.currentTask(), new HeldEntry(lock, lockClass, name, true));
  }

  private void check(Object task, HeldEntry wanted) {
    if (!order.checked()) {
      return;
    }
    List<HeldEntry> holdings = held.of(task);
    for (HeldEntry each : holdings) {
      if (each.lock() == wanted.lock()
          || (each.lockClass() == wanted.lockClass()
              && wanted.lockClass().nesting() == LockClass.Nesting.NEVER)) {
        throw new LockOrderViolation(
            LockReport.recursive(task, each, wanted, CallStack.here().lines()));
      }
    }
    CallStack stack = null;
    for (HeldEntry each : holdings) {
      if (graph.get(each.lockClass(), wanted.lockClass()) == null) {
        // Walking it is most of what an edge costs, and all of these edges have the same.
        stack = stack == null ? CallStack.here() : stack;
        seen(task, each, wanted, stack);
      }
      if (!order.allows(each.lockClass(), wanted.lockClass())) {
        throw new LockOrderViolation(
            LockReport.order(task, order, each, wanted, CallStack.here().lines()));
      }
    }
    Set<Edge> edges = lockdepEdges;
    for (int i = holdings.size() - 1; i >= 0 && wanted.lockClass().visible(); i--) {
      HeldEntry outer = holdings.get(i);
      if (outer.lockClass().visible()) {
        if (outer.lockClass() != wanted.lockClass()
            && outer.lockClass().compared()
            && wanted.lockClass().compared()) {
          edges.add(new Edge(outer.lockClass(), wanted.lockClass()));
        }
        if (outer.lockClass() != LockClass.PAGE_LOCK) {
          break;
        }
        edges = edgesOverPageLocks;
      }
    }
  }

  /** Something that may fail. */
  @FunctionalInterface
  public interface Work<E extends Exception> {
    /** Runs the step once. */
    void run() throws E;
  }

  /**
   * Does what the kernel leaves to a worker while this task waits for it: the locks of this task
   * are not the worker's.
   */
  public <E extends Exception> void inWorker(Work<E> work) throws E {
    Object task = scheduler.currentTask();
    List<HeldEntry> own = held.setAside(task);
    try {
      work.run();
    } finally {
      held.takeBack(task, own);
    }
  }

  /** {@code check_prev_add}: a new edge, unless it closes a circle. */
  private void seen(Object task, HeldEntry outer, HeldEntry wanted, CallStack stack) {
    List<LockClass> path =
        outer.lockClass() == wanted.lockClass()
            ? List.of()
            : LockGraphSearch.shortest(wanted.lockClass(), outer.lockClass(), graph::below);
    if (!path.isEmpty()) {
      List<Dependency> links = new ArrayList<>();
      for (int i = 0; i + 1 < path.size(); i++) {
        Dependency link = graph.get(path.get(i), path.get(i + 1));
        if (link != null) {
          links.add(link);
        }
      }
      throw new LockOrderViolation(LockReport.circular(task, outer, wanted, links, stack.lines()));
    }
    graph.add(new Dependency(outer, wanted, stack));
  }

  /** Called after the lock was given up, or when waiting for it failed. */
  void released(Object lock) {
    if (!held.remove(scheduler.currentTask(), lock)) {
      throw new LockOrderViolation("a lock is released by a task that does not hold it");
    }
  }

  /** Returns true if the current task holds the lock, in the given mode or a stronger one. */
  boolean holds(Object lock, boolean exclusive) {
    for (HeldEntry each : held.of(scheduler.currentTask())) {
      if (each.lock() == lock && (each.exclusive() || !exclusive)) {
        return true;
      }
    }
    return false;
  }
}
