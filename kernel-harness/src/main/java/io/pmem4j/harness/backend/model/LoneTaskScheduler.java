// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.sched.Scheduler;
import java.util.function.BooleanSupplier;

/**
 * The scheduler of a file system on which one task runs. A wait can never end there: no other task
 * exists that could release the lock or thaw the file system. The wait throws instead.
 */
final class LoneTaskScheduler implements Scheduler {
  private final Scheduler threads;

  /** A task waits for an event that no other task can bring about. */
  static final class EndlessWaitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    EndlessWaitException(Object blocker) {
      super("waits for ever for " + blocker.getClass().getSimpleName() + ": no other task runs");
    }
  }

  /**
   * Wraps a scheduler.
   *
   * @param threads answers for everything but waits
   */
  LoneTaskScheduler(Scheduler threads) {
    this.threads = threads;
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    if (!wake.getAsBoolean()) {
      throw new EndlessWaitException(blocker);
    }
  }

  @Override
  public void yieldPoint(Point point, Object object) {
    threads.yieldPoint(point, object);
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    threads.observed(what, first, second);
  }

  @Override
  public Object currentTask() {
    return threads.currentTask();
  }

  @Override
  public void unpark(Object task) {
    threads.unpark(task);
  }
}
