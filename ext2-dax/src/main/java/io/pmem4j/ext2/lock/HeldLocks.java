// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The locks that the tasks of one scheduler hold, innermost last. All validators of a scheduler
 * share them, so that locks of two file systems and of an address space are checked against each
 * other.
 *
 * <p>Thread-safe: a task's list is touched by that task alone.
 */
@SuppressWarnings("ReferenceEquality") // locks are compared by identity
final class HeldLocks {
  /** By scheduler, and gone with it: an explorer makes one for each schedule. */
  private static final Map<Scheduler, HeldLocks> ALL = new WeakHashMap<>();

  private final Map<Object, List<HeldEntry>> byTask = new ConcurrentHashMap<>();

  private HeldLocks() {}

  static HeldLocks of(Scheduler scheduler) {
    synchronized (ALL) {
      return ALL.computeIfAbsent(scheduler, _ -> new HeldLocks());
    }
  }

  /** The task's locks, innermost last. */
  List<HeldEntry> of(Object task) {
    List<HeldEntry> held = byTask.get(task);
    return held == null ? List.of() : held;
  }

  void push(Object task, HeldEntry holding) {
    byTask.computeIfAbsent(task, _ -> new ArrayList<>(8)).add(holding);
  }

  /** The task holds nothing, until it is given back what this returns. */
  List<HeldEntry> setAside(Object task) {
    List<HeldEntry> held = byTask.remove(task);
    return held == null ? new ArrayList<>() : held;
  }

  /** The task holds again what was set aside. */
  void takeBack(Object task, List<HeldEntry> held) {
    if (!held.isEmpty()) {
      byTask.put(task, held);
    }
  }

  /** Takes the innermost holding of a lock away; false if there is none. */
  boolean remove(Object task, Object lock) {
    List<HeldEntry> held = of(task);
    for (int i = held.size() - 1; i >= 0; i--) {
      if (held.get(i).lock() == lock) {
        held.remove(i);
        if (held.isEmpty()) {
          byTask.remove(task);
        }
        return true;
      }
    }
    return false;
  }
}
