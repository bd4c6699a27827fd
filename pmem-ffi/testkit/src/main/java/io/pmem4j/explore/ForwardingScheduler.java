// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import io.pmem4j.sched.Scheduler;
import java.util.function.BooleanSupplier;

/** A scheduler that hands every call to another; subclasses add what they record. */
public class ForwardingScheduler implements Scheduler {
  private final Scheduler target;

  /** Creates a scheduler that hands its calls to {@code target}. */
  public ForwardingScheduler(Scheduler target) {
    this.target = target;
  }

  @Override
  public void yieldPoint(Point point, Object object) {
    target.yieldPoint(point, object);
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    target.observed(what, first, second);
  }

  @Override
  public Object currentTask() {
    return target.currentTask();
  }

  @Override
  public void park(Object blocker, BooleanSupplier wake) {
    target.park(blocker, wake);
  }

  @Override
  public void unpark(Object task) {
    target.unpark(task);
  }
}
