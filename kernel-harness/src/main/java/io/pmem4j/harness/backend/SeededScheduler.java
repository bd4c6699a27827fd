// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.sched.Scheduler;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** The production scheduler with seeded faults planted; remembers which ones anybody asked for. */
public final class SeededScheduler implements Scheduler {
  private final Scheduler threads = Scheduler.production();
  private final Set<String> planted;
  private final Set<String> asked = ConcurrentHashMap.newKeySet();

  /** Plants these faults. */
  public SeededScheduler(Set<String> planted) {
    this.planted = Set.copyOf(planted);
  }

  @Override
  public boolean seeded(String fault) {
    asked.add(fault);
    return planted.contains(fault);
  }

  /** Planted faults that no code asked for: misspelt, or out of the way of what ran. */
  public Set<String> unknown() {
    Set<String> unknown = ConcurrentHashMap.newKeySet();
    unknown.addAll(planted);
    unknown.removeAll(asked);
    return unknown;
  }

  @Override
  public void yieldPoint(Point point, Object object) {
    threads.yieldPoint(point, object);
  }

  @Override
  public Object currentTask() {
    return threads.currentTask();
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    threads.park(blocker, wake);
  }

  @Override
  public void unpark(Object task) {
    threads.unpark(task);
  }
}
