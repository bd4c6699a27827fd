// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.sched.Scheduler;

/**
 * The checks of a frozen file system: nothing is stored before it thaws. The outcome of a thaw gets
 * the value {@code daxsem}: {@code held} if a task that was blocked meanwhile held the lock, {@code
 * free} if none did.
 */
final class FrozenCheck {
  private final InstrumentedMemory memory;
  private final FreezeObserver blocked;

  /** The number of stores when the file system was frozen; -1 while it is not. */
  private long storesAtFreeze = -1;

  FrozenCheck(InstrumentedMemory memory, FreezeObserver blocked) {
    this.memory = memory;
    this.blocked = blocked;
  }

  /** An operation that is checked as it runs. */
  interface Running {
    Outcome run(Operation operation);
  }

  /** Runs an operation, and returns its outcome. */
  Outcome run(Operation operation, Running running) {
    if (operation.isCall(Syscall.THAW)) {
      if (storesAtFreeze >= 0 && memory.stores() != storesAtFreeze) {
        throw new DamageError(Damage.STORE_WHILE_FROZEN);
      }
      storesAtFreeze = -1;
      boolean held = blocked.held().contains(LockClass.DAX_SEM);
      Outcome.Builder thawed = Outcome.builder();
      running.run(operation).values().forEach(thawed::value);
      return thawed.value("daxsem", held ? "held" : "free").build();
    }
    Outcome outcome = running.run(operation);
    if (operation.isCall(Syscall.FREEZE)) {
      storesAtFreeze = memory.stores();
      // Without this point no other task could run between the freeze and the check of the thaw.
      blocked.yieldPoint(Scheduler.Point.STEP, "frozen");
    }
    return outcome;
  }
}
