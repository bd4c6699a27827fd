// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.sched.Scheduler;
import java.util.function.BooleanSupplier;

/** The scheduler of operations that run one after the other: nothing ends a wait. */
final class SequentialOrder implements Scheduler {
  private static final Object ONLY_TASK = new Object();

  /** An operation waits for a later one, so that the order is none. */
  static final class NoSuchOrder extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoSuchOrder(Object blocker) {
      super("waits for " + blocker, null, false, false);
    }
  }

  @Override
  public void yieldPoint(Point point, Object object) {}

  @Override
  public Object currentTask() {
    return ONLY_TASK;
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    if (!wake.getAsBoolean()) {
      throw new NoSuchOrder(blocker);
    }
  }

  @Override
  public void unpark(Object task) {}
}
