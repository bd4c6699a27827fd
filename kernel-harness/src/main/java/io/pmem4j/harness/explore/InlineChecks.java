// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.PagePins;
import java.util.Set;

/** Operations that look themselves, at what nobody can see any more when all tasks have ended. */
final class InlineChecks {
  private InlineChecks() {}

  /** fork(2), a store of the child to what it shares with its parent, and its end. */
  static void checkCopyOnWriteAfterFork(TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
    AddressSpace child = self.memory.fork();
    try {
      child.store(self.secondMapping(), 0, new byte[] {TwoFileFixture.OF_CHILD});
    } finally {
      child.exit();
    }
    if (self.loadFromPrivateMapping() == TwoFileFixture.OF_CHILD) {
      throw new AssertionError("a child's store changes its parent's private copy");
    }
  }

  /** read(2) of the hole. */
  static void checkReadOfHole(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self)
      throws Ext2Exception {
    byte[] page = new byte[TwoFileFixture.PAGE];
    int length = Math.toIntExact(self.file.pread(fixture.layout.position(fixture.hole()), page));
    for (int i = 0; i < length; i++) {
      if (page[i] == TwoFileFixture.STALE) {
        throw new AssertionError("read(2) shows what a block held before it was the file's");
      }
    }
  }

  /** A device reads a page of the mapping, somewhat later than it got it. */
  static void checkPinnedRead(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
    try (PagePins pins = self.memory.pin(self.mapping(), self.at, 1, false)) {
      fixture.pause("the device has its pages");
      if (pins.read()[0] == TwoFileFixture.OF_B) {
        throw new AssertionError("a device reads what another file holds");
      }
    }
  }

  /** FIFREEZE, a look at what those hold who wait, and FITHAW. */
  static void checkLocksHeldByFrozenTasks(TwoFileFixture fixture) throws Ext2Exception {
    fixture.fs.freeze();
    fixture.pause("frozen");
    Set<LockClass> held = fixture.fs.heldBehindTheFreeze();
    fixture.fs.thaw();
    if (held.contains(LockClass.DAX_SEM)) {
      throw new AssertionError("who waits for a thaw keeps " + LockClass.DAX_SEM.twin());
    }
  }

  /** FIFREEZE, a look whether anything is stored nevertheless, and FITHAW. */
  static void checkStoresWhileFrozen(TwoFileFixture fixture) throws Ext2Exception {
    fixture.fs.freeze();
    long before = fixture.stores();
    fixture.pause("frozen");
    long after = fixture.stores();
    fixture.fs.thaw();
    if (after != before) {
      throw new AssertionError("something is stored while the file system is frozen");
    }
  }
}
