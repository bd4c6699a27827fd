// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The production scheduler: tasks are threads, and yield points compile to nothing. */
final class ThreadScheduler implements Scheduler {
  static final Scheduler PRODUCTION = new ThreadScheduler();

  private ThreadScheduler() {}

  @Override
  public void yieldPoint(Point point, Object object) {}

  @Override
  public Object currentTask() {
    return Thread.currentThread();
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    // A pending interrupt makes LockSupport.park return at once, and this loop spin. So it is
    // cleared during the wait and set again afterwards.
    boolean interrupted = false;
    while (!wake.getAsBoolean()) {
      LockSupport.park(blocker);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void unpark(Object task) {
    LockSupport.unpark((Thread) task);
  }
}
