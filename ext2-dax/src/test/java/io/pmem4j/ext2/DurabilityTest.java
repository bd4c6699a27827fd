// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.PendingMemory.Call;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A call that promises durability keeps the promise when it returns, also beside another task that
 * stands in the middle of its own call. Each test cuts the power at the return.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DurabilityTest {
  private static final int P = DurableImage.P;
  private static final int O_RDWR_CREAT = 0102;
  private static final int O_SYNC = 04010000;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  /** Behind the first block of pointers. */
  private static final long FAR = 20 * P;

  /** Behind the first block of pointers to blocks of pointers; 1,024 blocks on lies the next. */
  private static final long FARTHER = (12 + 1024) * (long) P;

  private PendingMemory memory;
  private Ext2FileSystem fs;
  private OpenFile f;
  private OpenFile g;

  @BeforeEach
  void mount() throws Exception {
    memory = new PendingMemory(DurableImage.empty(), Thread::currentThread);
    fs = DurableImage.mount(memory, Scheduler.production());
    f = fs.open("/f", O_RDWR_CREAT, 0644);
    g = fs.open("/g", O_RDWR_CREAT, 0644);
    fs.sync();
    assertThat(memory.volatileBlocks()).isEmpty();
  }

  @AfterEach
  void nothingFailed() {
    if (fs != null) {
      assertThat(fs.errors()).isEmpty();
    }
  }

  /**
   * Runs the second body while the first one is stopped. Where the second one waits for the first
   * it is judged after that wait, so it does its own checks.
   */
  private void beside(Call call, int nth, TaskThread.Body first, TaskThread.Body second)
      throws Exception {
    TaskThread task;
    try (var _ = new StoppedTask(memory, call, nth, first)) {
      task = new TaskThread(second);
      task.awaitStandstill();
    }
    task.end();
  }

  private Vma map(OpenFile file) throws Exception {
    return fs.newAddressSpace().mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
  }

  /** The calls of the first task at which the second one runs. */
  static Stream<Object[]> stops() {
    return Stream.of(
        new Object[] {Call.FLUSH, 1},
        new Object[] {Call.FLUSH, 2},
        new Object[] {Call.FLUSH, 3},
        new Object[] {Call.DRAIN, 1},
        new Object[] {Call.DRAIN, 2});
  }

  private void change(OpenFile file) throws Exception {
    file.pwrite(FAR, new byte[] {7});
    Vma mapped = map(file);
    mapped.mm().store(mapped, 0, new byte[] {8});
  }

  private void assertChanged(String path) throws Exception {
    DurableImage.assertHolds(memory.afterPowerCut(), path, FAR + 1, FAR, 7);
    DurableImage.assertHolds(memory.afterPowerCut(), path, FAR + 1, 0, 8);
  }

  @ParameterizedTest
  @MethodSource("stops")
  void fsyncBesideAnFsyncOfTheSameFile(Call call, int nth) throws Exception {
    change(f);
    beside(
        call,
        nth,
        f::fsync,
        () -> {
          f.fsync();
          assertChanged("/f");
        });
  }

  @ParameterizedTest
  @MethodSource("stops")
  void fsyncBesideAnFsyncOfAnotherFile(Call call, int nth) throws Exception {
    change(f);
    change(g);
    beside(
        call,
        nth,
        f::fsync,
        () -> {
          g.fsync();
          assertChanged("/g");
        });
  }

  @ParameterizedTest
  @MethodSource("stops")
  void fsyncBesideASync(Call call, int nth) throws Exception {
    change(f);
    beside(
        call,
        nth,
        fs::sync,
        () -> {
          f.fsync();
          assertChanged("/f");
        });
  }

  @ParameterizedTest
  @MethodSource("stops")
  void syncBesideAnFsync(Call call, int nth) throws Exception {
    change(f);
    change(g);
    beside(
        call,
        nth,
        f::fsync,
        () -> {
          fs.sync();
          assertThat(memory.volatileBlocks()).isEmpty();
        });
  }

  @ParameterizedTest
  @MethodSource("stops")
  void freezeBesideAnFsync(Call call, int nth) throws Exception {
    change(f);
    beside(
        call,
        nth,
        f::fsync,
        () -> {
          fs.freeze();
          assertThat(memory.volatileBlocks()).isEmpty();
        });
    fs.thaw();
  }

  @ParameterizedTest
  @MethodSource("stops")
  void msyncBesideAnFsync(Call call, int nth) throws Exception {
    f.truncate(P);
    Vma mapped = map(f);
    mapped.mm().store(mapped, 0, new byte[] {8});
    beside(
        call,
        nth,
        f::fsync,
        () -> {
          mapped.mm().msync(mapped, 0, P, AddressSpace.MS_SYNC);
          DurableImage.assertHolds(memory.afterPowerCut(), "/f", P, 0, 8);
        });
  }

  @ParameterizedTest
  @MethodSource("stops")
  void synchronousWriteBesideAnFsync(Call call, int nth) throws Exception {
    try (OpenFile synchronous = fs.open("/f", 2 | O_SYNC, 0)) {
      g.pwrite(0, new byte[] {1});
      beside(
          call,
          nth,
          g::fsync,
          () -> {
            synchronous.pwrite(FAR, new byte[] {7});
            DurableImage.assertHolds(memory.afterPowerCut(), "/f", FAR + 1, FAR, 7);
          });
    }
  }

  /** An inode that another task is storing is dirty until its block is marked. */
  @Test
  void syncWhileAnFsyncStoresTheInode() throws Exception {
    f.pwrite(FAR, new byte[] {7});
    beside(
        Call.STORE,
        3,
        f::fsync,
        () -> {
          fs.sync();
          DurableImage.assertHolds(memory.afterPowerCut(), "/f", FAR + 1, FAR, 7);
        });
  }

  /** A change of the inode during its write-out leaves it dirty. */
  @Test
  void syncAfterAWriteDuringTheStoresOfTheInode() throws Exception {
    f.pwrite(FAR, new byte[] {7});
    // The ninth store is behind the size.
    try (var _ = new StoppedTask(memory, Call.STORE, 9, fs::sync)) {
      f.pwrite(FAR + P, new byte[] {9});
    }
    fs.sync();
    DurableImage.assertHolds(memory.afterPowerCut(), "/f", FAR + P + 1, FAR + P, 9);
  }

  /** A store behind the flush tags the entry again, and that tag stays. */
  @Test
  void fsyncAfterAStoreBetweenFlushAndDrain() throws Exception {
    f.truncate(P);
    Vma mapped = map(f);
    mapped.mm().store(mapped, 0, new byte[] {8});
    try (var _ = new StoppedTask(memory, Call.DRAIN, 1, f::fsync)) {
      mapped.mm().store(mapped, 0, new byte[] {9});
    }
    f.fsync();
    DurableImage.assertHolds(memory.afterPowerCut(), "/f", P, 0, 9);
  }

  @Test
  void fsyncAfterAnotherTasksWrite() throws Exception {
    f.pwrite(FAR, new byte[] {7});
    f.fsync();
    new TaskThread(() -> f.pwrite(FAR, new byte[] {9})).end();
    f.fsync();
    DurableImage.assertHolds(memory.afterPowerCut(), "/f", FAR + 1, FAR, 9);
  }

  @Test
  void fsyncAfterAnotherTasksTruncate() throws Exception {
    f.pwrite(0, OnImage.bytes(P, 7));
    f.fsync();
    new TaskThread(() -> f.truncate(100)).end();
    f.truncate(P);
    f.fsync();
    DurableImage.assertHolds(memory.afterPowerCut(), "/f", P, 200, 0);
  }

  /** A write is visible to read(2) only when it is durable: i_rwsem is held until then. */
  @ParameterizedTest
  @EnumSource(
      value = Call.class,
      names = {"FLUSH", "DRAIN"})
  void readThenFsyncBesideAWrite(Call call) throws Exception {
    f.pwrite(FAR, new byte[] {7});
    f.fsync();
    byte[] seen = new byte[1];
    beside(
        call,
        1,
        () -> f.pwrite(FAR, new byte[] {9}),
        () -> {
          f.pread(FAR, seen);
          f.fsync();
          DurableImage.assertHolds(memory.afterPowerCut(), "/f", FAR + 1, FAR, seen[0]);
        });
    assertThat(seen).containsExactly(9);
  }

  /** A device stores without a fault, so after an fsync no tag tells of what it stores. */
  @Test
  void deviceStoresBehindAMappingAreDurable() throws Exception {
    f.pwrite(0, new byte[P]);
    Vma mapped = map(f);
    try (var pins = mapped.mm().pin(mapped, 0, 1, true)) {
      f.fsync();
      new TaskThread(() -> pins.write(new byte[] {8})).end();
    }
    f.fsync();
    DurableImage.assertHolds(memory.afterPowerCut(), "/f", P, 0, 8);
  }

  /** A store to a block of pointers is allowed only when what it leads to is durable. */
  @Test
  void branchIsDurableBeforeItIsReachable() throws Exception {
    f.pwrite(FARTHER, new byte[] {1});
    fs.sync();
    long parent = DurableImage.inode(memory, f.stat().ino()).block(13);
    GroupDescriptor group = new GroupDescriptor(memory, P);
    AtomicInteger splices = new AtomicInteger();
    memory.listen((call, offset, _) -> {
      if (call == Call.STORE && offset / P == parent) {
        splices.incrementAndGet();
        assertThat(memory.volatileBlocks()).isSubsetOf(1L, group.blockBitmap());
      }
    });
    f.pwrite(FARTHER + 1024 * (long) P, new byte[] {2});
    assertThat(splices).hasValue(1);
  }

  @Test
  void zerosAreDurableBeforeABlockIsReachable() throws Exception {
    f.pwrite(FAR, new byte[] {1});
    fs.sync();
    long parent = DurableImage.inode(memory, f.stat().ino()).block(12);
    GroupDescriptor group = new GroupDescriptor(memory, P);
    AtomicInteger splices = new AtomicInteger();
    memory.listen((call, offset, _) -> {
      if (call == Call.STORE && offset / P == parent) {
        splices.incrementAndGet();
        assertThat(memory.volatileBlocks()).isSubsetOf(1L, group.blockBitmap());
      }
    });
    f.pwrite(FAR + P, new byte[] {2});
    assertThat(splices).hasValue(1);
  }

  /** While the superblock says valid, on the medium or in a cache, all the rest is durable. */
  private void assertValidLast() {
    Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    if ((superblock.state() & Superblock.VALID_FS) != 0) {
      assertThat(memory.volatileBlocks()).as("beside a valid superblock").isSubsetOf(Set.of(0L));
    }
  }

  @Test
  void unmountSaysValidLast() throws Exception {
    f.pwrite(FAR, new byte[] {7});
    fs.unlink("/g");
    g.close();
    f.close();
    memory.listen((_, _, _) -> assertValidLast());
    fs.unmount();
    assertThat(memory.volatileBlocks()).isEmpty();
    PendingMemory cut = memory.afterPowerCut();
    assertThat(new Superblock(cut, Superblock.PRIMARY_OFFSET).state() & Superblock.VALID_FS)
        .isNotZero();
    DurableImage.assertHolds(cut, "/f", FAR + 1, FAR, 7);
  }

  /** A file that goes while freezing writes back changes bitmaps behind the first write-out. */
  @Test
  void freezeSaysValidLast() throws Exception {
    List<TaskThread> tasks = new ArrayList<>();
    for (int at = 1; ; at++) {
      AtomicInteger drains = new AtomicInteger();
      Thread freezing = Thread.currentThread();
      int nth = at;
      OpenFile unlinked = fs.open("/unlinked", O_RDWR_CREAT, 0644);
      unlinked.pwrite(0, new byte[P]);
      fs.unlink("/unlinked");
      memory.listen((call, _, _) -> {
        if (Thread.currentThread() == freezing && call == Call.DRAIN) {
          if (drains.incrementAndGet() == nth) {
            tasks.add(new TaskThread(unlinked::close));
            tasks.getLast().awaitStandstill();
          }
        }
        if (Thread.currentThread() == freezing) {
          assertValidLast();
        }
      });
      fs.freeze();
      assertThat(memory.volatileBlocks()).isEmpty();
      memory.listen((_, _, _) -> {});
      fs.thaw();
      if (drains.get() < at) {
        break;
      }
    }
    assertThat(tasks).isNotEmpty();
    for (TaskThread task : tasks) {
      task.end();
    }
  }
}
