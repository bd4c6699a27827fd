// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.function.BooleanSupplier;

/** A task in the wait queue of a lock. The releaser makes it an owner, then grants the lock. */
final class Waiter implements BooleanSupplier {
  final Object task;
  final boolean exclusive;
  private volatile boolean granted;

  Waiter(Object task, boolean exclusive) {
    this.task = task;
    this.exclusive = exclusive;
  }

  /** Grants the lock; called under its monitor, after the task has been recorded as an owner. */
  void grant() {
    granted = true;
  }

  @Override
  public boolean getAsBoolean() {
    return granted;
  }
}
