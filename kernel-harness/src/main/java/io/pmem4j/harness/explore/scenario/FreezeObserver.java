// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.ForwardingScheduler;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.sched.Scheduler;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A scheduler that records the lock classes held by tasks that block on a frozen file system. */
final class FreezeObserver extends ForwardingScheduler {
  private final Set<LockClass> held = EnumSet.noneOf(LockClass.class);
  private @Nullable LockValidator validator;

  /**
   * Wraps a scheduler.
   *
   * @param explored answers every call
   */
  FreezeObserver(Scheduler explored) {
    super(explored);
  }

  /** Sets the lock check of the file system, which knows the locks of a task. */
  void validator(LockValidator value) {
    validator = value;
  }

  /** Returns the lock classes held by the tasks that have blocked so far. */
  Set<LockClass> held() {
    return Set.copyOf(held);
  }

  @Override
  public void observed(Enum<?> what, long first, long second) {
    LockValidator locks = validator;
    if (what == Observation.BLOCKS_ON_FREEZE && locks != null) {
      held.addAll(locks.heldByCaller());
    }
    super.observed(what, first, second);
  }
}
