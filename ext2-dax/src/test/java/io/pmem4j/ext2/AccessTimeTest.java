// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Access times under each rule of mount(8), and the call that makes them durable. */
class AccessTimeTest {
  private static final int P = DurableImage.P;
  private static final int O_RDWR_CREAT = 0102;
  private static final int O_DSYNC = 010000;
  private static final int O_SYNC = 04010000;
  private static final int O_NOATIME = 01000000;
  private static final long START = ImageFixture.BASE_SECOND;
  private static final long DAY = 24 * 60 * 60;

  private final AtomicLong clock = new AtomicLong(START);
  private PendingMemory memory;

  @BeforeEach
  void make() {
    memory = new PendingMemory(DurableImage.empty(), Thread::currentThread);
  }

  private Ext2FileSystem mount(String rule) throws IOException {
    return Ext2FileSystem.mount(
        memory,
        MountOptions.parse("dax,oldalloc,noreservation" + rule),
        Instrumentation.production().withClock(clock::get).withScheduler(Scheduler.production()));
  }

  private static void read(OpenFile file) throws IOException {
    file.pread(0, new byte[1]);
  }

  private OpenFile file(Ext2FileSystem fs) throws IOException {
    OpenFile f = fs.open("/f", O_RDWR_CREAT, 0644);
    f.pwrite(0, new byte[P]);
    return f;
  }

  @Test
  void relatimeFollowsAChangeAndThenWaitsForADay() throws Exception {
    for (String rule : new String[] {"", ",relatime"}) {
      clock.set(START);
      make();
      OpenFile f = file(mount(rule));
      clock.set(START + 5);
      read(f);
      assertThat(f.stat().atime()).isEqualTo(START + 5);
      clock.set(START + 6);
      read(f);
      assertThat(f.stat().atime()).as("accessed since the change").isEqualTo(START + 5);
      f.pwrite(0, new byte[1]);
      clock.set(START + 7);
      read(f);
      assertThat(f.stat().atime()).as("changed since the access").isEqualTo(START + 7);
      clock.set(START + 7 + DAY - 1);
      read(f);
      assertThat(f.stat().atime()).as("less than a day").isEqualTo(START + 7);
      clock.set(START + 7 + DAY);
      read(f);
      assertThat(f.stat().atime()).as("a day").isEqualTo(START + 7 + DAY);
    }
  }

  /** A change in the second of the access counts as one after it. */
  @Test
  void relatimeTakesTheSameSecondForAChange() throws Exception {
    OpenFile f = file(mount(""));
    clock.set(START + 5);
    f.pwrite(0, new byte[1]);
    read(f);
    clock.set(START + 6);
    read(f);
    assertThat(f.stat().atime()).isEqualTo(START + 6);
  }

  @Test
  void strictatimeFollowsEachAccessAndNoatimeNone() throws Exception {
    OpenFile strict = file(mount(",strictatime"));
    clock.set(START + 5);
    read(strict);
    clock.set(START + 6);
    read(strict);
    assertThat(strict.stat().atime()).isEqualTo(START + 6);
    make();
    OpenFile none = file(mount(",noatime"));
    clock.set(START + 5 + DAY);
    read(none);
    assertThat(none.stat().atime()).isEqualTo(START + 6);
  }

  @Test
  void noatimeOfOpenKeepsTheTimeForReadsAndMappings() throws Exception {
    Ext2FileSystem fs = mount(",strictatime");
    OpenFile f = file(fs);
    clock.set(START + 5);
    try (OpenFile quiet = fs.open("/f", 2 | O_NOATIME, 0)) {
      read(quiet);
      map(fs, quiet);
      assertThat(f.stat().atime()).isEqualTo(START);
    }
    map(fs, f);
    assertThat(f.stat().atime()).as("mmap is an access").isEqualTo(START + 5);
  }

  private static Vma map(Ext2FileSystem fs, OpenFile file) throws IOException {
    return fs.newAddressSpace()
        .mmap(file.mappable(), 0, P, AddressSpace.PROT_READ, AddressSpace.MAP_SHARED);
  }

  /** A read of no bytes is no access; one that fails, or that finds the end of the file, is. */
  @Test
  void failedReadIsAnAccess() throws Exception {
    OpenFile f = file(mount(",strictatime"));
    clock.set(START + 5);
    f.pread(0, new byte[0]);
    assertThat(f.stat().atime()).isEqualTo(START);
    OnImage.assertErrno(Errno.EFAULT, () -> f.pread(0, new BadBuffer()));
    assertThat(f.stat().atime()).isEqualTo(START + 5);
    clock.set(START + 6);
    assertThat(f.pread(P, new byte[1])).isZero();
    assertThat(f.stat().atime()).isEqualTo(START + 6);
  }

  @Test
  void frozenFileSystemKeepsTheTime() throws Exception {
    Ext2FileSystem fs = mount(",strictatime");
    OpenFile f = file(fs);
    fs.freeze();
    clock.set(START + 5);
    read(f);
    map(fs, f);
    assertThat(f.stat().atime()).isEqualTo(START);
    fs.thaw();
    read(f);
    assertThat(f.stat().atime()).isEqualTo(START + 5);
  }

  private RawInode durable(OpenFile file) throws IOException {
    return DurableImage.inode(memory.afterPowerCut(), file.stat().ino());
  }

  @Test
  void fsyncWritesTheAccessTimeAndFdatasyncDoesNot() throws Exception {
    OpenFile f = file(mount(",strictatime"));
    f.fsync();
    clock.set(START + 5);
    read(f);
    f.fdatasync();
    assertThat(durable(f).atime()).isEqualTo(START);
    f.fsync();
    assertThat(durable(f).atime()).isEqualTo(START + 5);
  }

  /** Times that changed alone are left out; a new size takes them along. */
  @Test
  void fdatasyncWritesTheInodeForTheSize() throws Exception {
    OpenFile f = file(mount(""));
    f.fsync();
    clock.set(START + 5);
    f.pwrite(0, new byte[1]);
    f.fdatasync();
    assertThat(durable(f).mtime()).isEqualTo(START);
    f.pwrite(P, new byte[1]);
    f.fdatasync();
    assertThat(durable(f).mtime()).isEqualTo(START + 5);
    assertThat(durable(f).sizeLow()).isEqualTo(P + 1);
  }

  @Test
  void synchronousWritesDifferInTheTimes() throws Exception {
    Ext2FileSystem fs = mount("");
    OpenFile f = file(fs);
    f.fsync();
    clock.set(START + 5);
    try (OpenFile data = fs.open("/f", 2 | O_DSYNC, 0)) {
      data.pwrite(0, new byte[1]);
      assertThat(durable(f).mtime()).isEqualTo(START);
    }
    try (OpenFile all = fs.open("/f", 2 | O_SYNC, 0)) {
      all.pwrite(0, new byte[1]);
      assertThat(durable(f).mtime()).isEqualTo(START + 5);
    }
  }

  @Test
  void unknownRuleIsRefused() {
    OnImage.assertErrno(Errno.EINVAL, () -> MountOptions.parse("dax,lazytime"));
  }

  /** Faults at its first byte. */
  private static final class BadBuffer implements UserBuffer {
    @Override
    public int length() {
      return 1;
    }

    @Override
    public int copyTo(int to, PersistentMemory from, long address, int length) {
      return 0;
    }

    @Override
    public int copyFrom(int from, PersistentMemory to, long address, int length) {
      return 0;
    }

    @Override
    public int load(int from, byte[] target, int at, int length) {
      return 0;
    }

    @Override
    public int store(int to, byte[] source, int at, int length) {
      return 0;
    }

    @Override
    public int zero(int to, int length, int unit) {
      return 0;
    }
  }
}
