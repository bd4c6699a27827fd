// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.mm.PagePins;
import io.pmem4j.ext2.mm.SignalException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** An operation that one task makes on {@code /a}. */
public enum ScenarioOperation {
  /** A load from the hole: the page of zeros. */
  READ_HOLE(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.load(fixture.hole());
    }
  },
  /** A load from a page with a block. */
  READ_BLOCK(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.load(0);
    }
  },
  /** A store to the hole: allocates. */
  WRITE_HOLE(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(fixture.hole());
    }
  },
  /** A store to a hole that is mapped, read-only: {@code page_mkwrite} where holes have pages. */
  PAGE_MKWRITE(OperationKind.FAULT) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.load(fixture.hole());
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(fixture.hole());
    }
  },
  /** A store to a page with a block, by a process that has not touched it. */
  WRITE_BLOCK(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }
  },
  /** A store to a page that is mapped read-only: {@code pfn_mkwrite}. */
  PFN_MKWRITE(OperationKind.FAULT) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.load(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }
  },
  /** A store to a private mapping of a page with a block: a copy. */
  COPY_ON_WRITE(OperationKind.FAULT) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.addPrivateMapping();
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.storeToPrivateMapping(0);
    }
  },
  /** A store through a mapping that is too short for 2 MiB at once. */
  WRITE_SHORT_MAPPING(OperationKind.FAULT) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.addShortMapping();
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.storeToShortMapping(0);
    }
  },
  /** read(2) with O_DIRECT of something else into the mapping: a device stores to its page. */
  GUP_STORE(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      try (PagePins pins = self.memory.pin(self.mapping(), self.at, 1, true)) {
        fixture.pause("the device has its pages");
        pins.write(new byte[] {self.mark});
      }
      self.stored.add(0);
    }
  },
  /** write(2) with O_DIRECT from the mapping to something else: a device reads its page. */
  GUP_READ(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      InlineChecks.checkPinnedRead(fixture, self);
    }
  },
  /** Forks a child that stores to a page shared with its parent, and ends it. */
  FORK(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.store(0);
      self.addPrivateMapping();
      self.storeToPrivateMapping(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      InlineChecks.checkCopyOnWriteAfterFork(self);
    }
  },
  /** write(2) into the hole. */
  WRITE(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite(fixture.layout.position(fixture.hole()) + self.at, new byte[] {self.mark});
      self.stored.add(fixture.hole());
    }
  },
  /** Appends by write(2): a new block, and a larger file. */
  APPEND(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite(fixture.layout.fileBytes() + self.at, new byte[] {self.mark});
      self.stored.add(fixture.layout.filePages() - fixture.layout.first());
    }
  },
  /** write(2) that finds no block, on a file system that is full. */
  WRITE_NO_SPACE(OperationKind.NO_SPACE) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite(fixture.layout.fileBytes(), new byte[2 * TwoFileFixture.PAGE]);
    }
  },
  /** write(2) of a page whose block needs a block of pointers, where one block is left. */
  WRITE_INDIRECT(OperationKind.NO_SPACE) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.freeOneBlock();
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite(
          (long) TwoFileFixture.DIRECT_PAGES * TwoFileFixture.PAGE, new byte[] {self.mark});
      throw new AssertionError("one block was enough for two");
    }
  },
  /** ftruncate(2) to nothing; then another file takes a block. */
  TRUNCATE_DOWN(OperationKind.TRUNCATES) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.truncate(self, 0);
      fixture.allocateFreedBlocksToB();
    }
  },
  /** ftruncate(2) into the first page; then another file takes a block. */
  TRUNCATE_PARTLY(OperationKind.TRUNCATES) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.truncate(self, fixture.layout.position(0) + 100);
      fixture.allocateFreedBlocksToB();
    }
  },
  /** ftruncate(2) to nothing, another file takes blocks, and ftruncate(2) to the old size. */
  TRUNCATE_AND_BACK(OperationKind.TRUNCATES) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.truncate(self, 0);
      fixture.allocateFreedBlocksToB();
      self.file.truncate(fixture.layout.fileBytes());
    }
  },
  /** Extends the file by ftruncate(2). */
  TRUNCATE_UP(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.truncate(fixture.layout.position(fixture.layout.mappedPages()));
    }
  },
  /** open(2) with O_TRUNC; then another file takes a block. */
  OPEN_TRUNCATING(OperationKind.TRUNCATES) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      try (OpenFile again = fixture.fs.open("/a", O_RDWR | O_TRUNC, 0)) {
        fixture.recordTruncation(0);
        fixture.allocateFreedBlocksToB();
        again.stat();
      }
    }
  },
  /** fsync(2) of a page that has been stored to. */
  FSYNC(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().fsync(self);
    }
  },
  /** fsync(2) of a page that was written and needs a pointer in a block that is durable. */
  FSYNC_FAR(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite((long) FAR_PAGE * TwoFileFixture.PAGE + self.at, new byte[] {self.mark});
      self.file.fsync();
      self.file.pwrite(
          (long) (FAR_PAGE + 1) * TwoFileFixture.PAGE + self.at, new byte[] {self.mark});
      self.stored.addAll(List.of(FAR_PAGE, FAR_PAGE + 1));
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().fsync(self);
    }
  },
  /** fsync(2) of {@code /b}, to which a page was written. */
  FSYNC_B(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.writeB();
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().fsyncB(fixture.b());
    }
  },
  /** sync(2) after a page has been stored to. */
  SYNC(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().sync();
    }
  },
  /** write(2) of a page whose block needs a block of pointers. */
  WRITE_FAR(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.file.pwrite((long) FAR_PAGE * TwoFileFixture.PAGE + self.at, new byte[] {self.mark});
      self.stored.add(FAR_PAGE);
    }
  },
  /** write(2) to {@code /b}. */
  WRITE_B(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.writeB();
    }
  },
  /** write(2) into the hole of a file that is open with O_SYNC. */
  WRITE_SYNCED(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      try (OpenFile synced = fixture.fs.open("/a", O_RDWR | O_SYNC, 0)) {
        long position = fixture.layout.position(fixture.hole()) + self.at;
        fixture.promises().writeSynced(synced, position, new byte[] {self.mark});
      }
      self.stored.add(fixture.hole());
    }
  },
  /** msync(2), as fsync. */
  MSYNC(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().msync(self, fixture.layout.position(0), TwoFileFixture.PAGE);
    }
  },
  /** FIFREEZE and FITHAW. */
  FREEZE_THAW(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.promises().freeze();
      fixture.pause("frozen");
      fixture.fs.thaw();
    }
  },
  /** Freezes, checks the locks that blocked tasks hold, and thaws. */
  FREEZE_CHECK_LOCKS(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      InlineChecks.checkLocksHeldByFrozenTasks(fixture);
    }
  },
  /** Freezes, checks that nothing is stored meanwhile, and thaws. */
  FREEZE_CHECK_STORES(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      InlineChecks.checkStoresWhileFrozen(fixture);
    }
  },
  /** A store to a page that may be stored to: no fault, unless it was written back meanwhile. */
  STORE_AGAIN(OperationKind.FAULT) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }
  },
  /**
   * A load from the hole, and a store to the page that the load has mapped: {@code pfn_mkwrite}.
   */
  LOAD_AND_STORE(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.load(fixture.hole());
      self.store(fixture.hole());
    }
  },
  /** FIFREEZE and FITHAW by a process that has nothing to do with the file. */
  FREEZE_ELSEWHERE(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.unmap(self);
      fixture.close(self);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.fs.freeze();
      fixture.fs.thaw();
    }
  },
  /** A store, munmap(2) and close(2): this task may release the file last. */
  STORE_AND_LEAVE(OperationKind.FAULT) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      self.store(0);
      fixture.unmap(self);
      fixture.close(self);
    }
  },
  /** read(2) of the hole. */
  READ(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      InlineChecks.checkReadOfHole(fixture, self);
    }
  },
  /** creat(2) of a name that needs a new block of the directory. */
  CREATE_NAME(OperationKind.NEUTRAL) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      try (OpenFile created = fixture.fs.open("/" + "n".repeat(250), O_RDWR | O_CREAT, 0644)) {
        created.stat();
      }
    }
  },
  /** munmap(2) of a page that has been stored to. */
  MUNMAP(OperationKind.NEUTRAL) {
    @Override
    void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) {
      self.store(0);
    }

    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.unmap(self);
    }
  },
  /** Unlinks, closes and unmaps the file: the last task to release it evicts the inode. */
  UNLINK(OperationKind.REMOVES_NAME) {
    @Override
    void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {
      fixture.unlink();
      fixture.close(self);
      fixture.unmap(self);
      fixture.allocateFreedBlocksToB();
    }
  };

  private static final Set<ScenarioOperation> FOR_ONE_SCENARIO =
      EnumSet.of(
          FREEZE_CHECK_LOCKS,
          FREEZE_CHECK_STORES,
          FREEZE_ELSEWHERE,
          WRITE_SHORT_MAPPING,
          WRITE_INDIRECT,
          STORE_AGAIN,
          STORE_AND_LEAVE,
          LOAD_AND_STORE,
          READ,
          FSYNC_FAR,
          FSYNC_B,
          SYNC,
          WRITE_FAR,
          WRITE_B,
          WRITE_SYNCED);

  /** The operations that are nothing but a call that promises durability. */
  private static final Set<ScenarioOperation> PROMISING =
      EnumSet.of(FSYNC, FSYNC_FAR, FSYNC_B, SYNC, MSYNC, FREEZE_THAW);

  /** Needs a block of pointers; the file system has room for it and its block. */
  private static final int FAR_PAGE = 20;

  private static final int O_RDWR = 2;
  private static final int O_CREAT = 0100;
  private static final int O_TRUNC = 01000;
  private static final int O_SYNC = 04010000;

  private final OperationKind kind;

  ScenarioOperation(OperationKind kind) {
    this.kind = kind;
  }

  public OperationKind kind() {
    return kind;
  }

  /** Returns whether SIGBUS is a valid answer where another task removes the page. */
  boolean mayRaiseSigbus() {
    return kind == OperationKind.FAULT || this == FORK;
  }

  /** Prepares the state before the tasks start. */
  void prepare(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self) throws Ext2Exception {}

  abstract void run(TwoFileFixture fixture, TwoFileFixture.ScenarioProcess self)
      throws Ext2Exception, SignalException;

  /** Returns true for an operation that only makes a call that promises durability. */
  boolean promises() {
    return PROMISING.contains(this);
  }

  /** Returns whether two tasks can make it at the same time. */
  boolean canPairWithItself() {
    return kind != OperationKind.REMOVES_NAME && this != FREEZE_THAW && this != CREATE_NAME;
  }

  /**
   * Returns whether it is paired with every other operation; if not, it belongs to one scenario.
   */
  boolean isPaired() {
    return !FOR_ONE_SCENARIO.contains(this);
  }

  /** As in {@code pfn-mkwrite}. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Returns the labels of the operations that are paired with each other. */
  public static List<String> labels() {
    return all().stream().map(ScenarioOperation::label).toList();
  }

  /** Returns the operations that are paired with each other. */
  public static List<ScenarioOperation> all() {
    return Arrays.stream(values()).filter(ScenarioOperation::isPaired).toList();
  }

  /** The operation of a label. */
  public static Optional<ScenarioOperation> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label().equals(label)).findFirst();
  }
}
