// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Checks every acquisition of a task against a {@link LockOrder}, before the task can block, and
 * collects the edges that were really taken: the material to compare with the kernel's lockdep.
 *
 * <p>Thread-safe. What a task holds is kept per thread and shared by all validators, so that locks
 * of two file systems and of an address space are checked against each other.
 */
@SuppressWarnings("ReferenceEquality") // locks are compared by identity
public final class LockValidator {
  private static final ThreadLocal<List<Holding>> HOLDINGS =
      ThreadLocal.withInitial(ArrayList::new);

  private final LockOrder order;
  private final Set<Edge> edges = ConcurrentHashMap.newKeySet();

  /** Checks against one order. */
  public LockValidator(LockOrder order) {
    this.order = order;
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

  private record Holding(Object lock, LockClass lockClass, String name, boolean exclusive) {
    @Override
    public String toString() {
      return name + " (" + lockClass + (exclusive ? ", exclusive)" : ", shared)");
    }
  }

  /** The order that acquisitions must follow. */
  public LockOrder order() {
    return order;
  }

  /** All edges seen so far. */
  public Set<Edge> edges() {
    return Set.copyOf(edges);
  }

  /**
   * Called before the lock is waited for, so that a wrong order is reported and not a hang.
   *
   * @throws LockOrderViolation if the order forbids it under what the task holds
   */
  void acquiring(Object lock, LockClass lockClass, String name, boolean exclusive) {
    Holding wanted = new Holding(lock, lockClass, name, exclusive);
    List<Holding> holdings = HOLDINGS.get();
    for (Holding held : holdings) {
      if (held.lock() == lock) {
        throw new LockOrderViolation(wanted + " is taken by a task that holds it already");
      }
      if (!order.allows(held.lockClass(), lockClass)) {
        throw new LockOrderViolation(
            wanted
                + " is taken under "
                + held
                + "; order "
                + order.name()
                + (order.allows(lockClass, held.lockClass())
                    ? " has them the other way round"
                    : " has them mutually exclusive"));
      }
      edges.add(new Edge(held.lockClass(), lockClass));
    }
    holdings.add(wanted);
  }

  /**
   * {@code might_lock}: the code that runs now may have to take a lock of this class, whether or
   * not it does so this time.
   *
   * @throws LockOrderViolation if the order forbids it under what the task holds
   */
  public void mightAcquire(LockClass lockClass, String why) {
    acquiring(lockClass, lockClass, why, false);
    released(lockClass);
  }

  /** Called after the lock was given up, or when waiting for it failed. */
  void released(Object lock) {
    List<Holding> holdings = HOLDINGS.get();
    for (int i = holdings.size() - 1; i >= 0; i--) {
      if (holdings.get(i).lock() == lock) {
        holdings.remove(i);
        return;
      }
    }
    throw new LockOrderViolation("a lock is released by a task that does not hold it");
  }

  /** Whether the current task holds the lock, in the given mode or a stronger one. */
  boolean holds(Object lock, boolean exclusive) {
    for (Holding held : HOLDINGS.get()) {
      if (held.lock() == lock && (held.exclusive() || !exclusive)) {
        return true;
      }
    }
    return false;
  }
}
