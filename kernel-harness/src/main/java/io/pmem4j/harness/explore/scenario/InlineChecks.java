// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.PagePins;
import java.util.Set;

/** Checks that an operation makes itself, because the state is gone when all tasks have ended. */
final class InlineChecks {
  private InlineChecks() {}

  /** Forks a child that stores to a page shared with its parent, and checks the parent's copy. */
  static void checkCopyOnWriteAfterFork(TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
    AddressSpace child = self.memory.fork();
    try {
      child.store(self.secondMapping(), 0, new byte[] {TwoFileFixture.OF_CHILD});
    } finally {
      child.exit();
    }
    if (self.loadFromPrivateMapping() == TwoFileFixture.OF_CHILD) {
      throw new DamageError(Damage.SHARED_AFTER_FORK);
    }
  }

  /** read(2) of the hole. */
  static void checkReadOfHole(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self)
      throws Ext2Exception {
    byte[] page = new byte[TwoFileFixture.PAGE];
    int length = Math.toIntExact(self.file.pread(fixture.layout.position(fixture.hole()), page));
    for (int i = 0; i < length; i++) {
      if (page[i] == TwoFileFixture.STALE) {
        throw new DamageError(Damage.STALE_READ);
      }
    }
  }

  /** A device reads a page of the mapping, somewhat later than it got it. */
  static void checkPinnedRead(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
    try (PagePins pins = self.memory.pin(self.mapping(), self.at, 1, false)) {
      fixture.pause("the device has its pages");
      if (pins.read()[0] == TwoFileFixture.OF_B) {
        throw new DamageError(Damage.FOREIGN_READ);
      }
    }
  }

  /** Freezes, checks the locks that blocked tasks hold, and thaws. */
  static void checkLocksHeldByFrozenTasks(TwoFileFixture fixture) throws Ext2Exception {
    fixture.fs.freeze();
    fixture.pause("frozen");
    Set<LockClass> held = fixture.freeze.held();
    fixture.fs.thaw();
    if (held.contains(LockClass.DAX_SEM)) {
      throw new AssertionError(
          "a task blocked on the frozen file system holds " + LockClass.DAX_SEM.twin());
    }
  }

  /** Freezes, checks that nothing is stored meanwhile, and thaws. */
  static void checkStoresWhileFrozen(TwoFileFixture fixture) throws Ext2Exception {
    fixture.fs.freeze();
    long before = fixture.stores();
    fixture.pause("frozen");
    long after = fixture.stores();
    fixture.fs.thaw();
    if (after != before) {
      throw new DamageError(Damage.STORE_WHILE_FROZEN);
    }
  }
}
