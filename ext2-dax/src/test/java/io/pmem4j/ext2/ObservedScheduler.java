// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.sched.Scheduler;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The production scheduler with a listener for what tasks find and do. */
final class ObservedScheduler implements Scheduler {
  private final Scheduler threads = Scheduler.production();
  private final Consumer<Enum<?>> listener;

  ObservedScheduler(Consumer<Enum<?>> listener) {
    this.listener = listener;
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    listener.accept(what);
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
