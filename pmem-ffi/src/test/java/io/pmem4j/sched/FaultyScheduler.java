// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.function.BooleanSupplier;

/** The production scheduler with one fault planted. */
record FaultyScheduler(String fault) implements Scheduler {
  @Override
  public void yieldPoint(Point point, Object object) {}

  @Override
  public Object currentTask() {
    return Scheduler.production().currentTask();
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    Scheduler.production().park(blocker, wake);
  }

  @Override
  public void unpark(Object task) {
    Scheduler.production().unpark(task);
  }

  @Override
  public boolean seeded(String name) {
    return fault.equals(name);
  }
}
