// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.LockOrderViolation;
import io.pmem4j.ext2.lock.LockReport;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A frozen file system, and the two orders of locks that freezing and directories contradict. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FreezeTest extends OnImage {
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  /** Until so many tasks wait; bounded by the time-out of the test. */
  private void awaitWaiting(int tasks) {
    while (image.blockedOnFreeze.get() != tasks) {
      Thread.onSpinWait();
    }
  }

  @Test
  void storesAndSystemCallsWaitForTheThawAndLoadsDoNot() throws Exception {
    f.pwrite(0, bytes(2 * P, 7));
    Vma m = shared(f, 2 * P);
    store(m, 0, 1);
    fs.freeze();
    assertErrno(Errno.EBUSY, fs::freeze);
    assertErrno(Errno.EBUSY, fs::unmount);
    assertThat(load(m, P)).isEqualTo((byte) 7);
    assertThat(page(m, 0)).as("write-protected, not taken out").startsWith("block ");
    try (var pool = Executors.newFixedThreadPool(3)) {
      Future<?> stored = pool.submit(() -> store(m, 0, 2));
      Future<?> written = pool.submit(() -> f.pwrite(P, bytes(1, 3)));
      Future<?> cut =
          pool.submit(() -> {
            try (OpenFile other = fs.open("/other", O_RDWR_CREAT, 0644)) {
              return other.stat();
            }
          });
      awaitWaiting(3);
      assertThat(List.of(stored.isDone(), written.isDone(), cut.isDone())).containsOnly(false);
      assertThat(load(m, 0)).isEqualTo((byte) 1);
      assertThat(f.stat().size()).isEqualTo(2 * P);
      fs.thaw();
      stored.get();
      written.get();
      cut.get();
    }
    assertErrno(Errno.EINVAL, fs::thaw);
    assertThat(load(m, 0)).isEqualTo((byte) 2);
    assertThat(load(m, P)).isEqualTo((byte) 3);
  }

  @Test
  void aFrozenImageIsClean() throws Exception {
    f.pwrite(0, bytes(P, 7));
    assertThat(image.debugfs("stats")).contains("not clean");
    fs.freeze();
    assertThat(image.debugfs("stats")).doesNotContain("not clean");
    image.assertClean();
    fs.thaw();
    assertThat(image.debugfs("stats")).contains("not clean");
  }

  @Test
  void asMergedFreezingContradictsNothing() throws Exception {
    Vma m = shared(f, P);
    f.truncate(P);
    store(m, 0, 1);
    fs.freeze();
    fs.thaw();
    fs.open("/victim", O_RDWR_CREAT, 0644).close();
    fs.unlink("/victim");
    assertThat(image.lockValidator.lockdepEdges().stream().map(Object::toString))
        .contains("sb_pagefaults -> sb_internal")
        // s_umount lies between the first two, and a worker writes back.
        .doesNotContain("sb_writers -> sb_pagefaults", "sb_pagefaults -> &mapping->i_mmap_rwsem");
  }

  /** The story of the real kernel: one store, one freeze, and the next unlink closes the circle. */
  @Test
  void asPostedAnUnlinkAfterAFreezeClosesACircle() throws Exception {
    LockReport report =
        violation(
            LabOrders.POSTED,
            (posted, file) -> {
              posted.freeze();
              posted.thaw();
              OpenFile victim = posted.open("/victim", O_RDWR_CREAT, 0644);
              victim.pwrite(0, bytes(P, 1));
              victim.close();
              posted.unlink("/victim");
            });
    assertThat(report.kind()).isEqualTo(LockReport.Kind.CIRCULAR);
    assertThat(report.chain())
        .containsExactly(LockClass.DAX_SEM, LockClass.SB_PAGEFAULT, LockClass.SB_INTERNAL);
    assertThat(report.summary())
        .isEqualTo("CIRCULAR: &ei->dax_sem -> sb_pagefaults -> sb_internal -> &ei->dax_sem");
    assertThat(report.text())
        .contains("possible circular locking dependency detected")
        .contains("-> #2 (sb_internal)", "FreezeGate.freeze")
        .contains("-> #1 (sb_pagefaults)", "LabInodeLocks.fault")
        .contains("-> #0 (&ei->dax_sem)", "InodeCache.evict")
        .contains("Chain exists of:\n  &ei->dax_sem --> sb_pagefaults --> sb_internal")
        .contains("*** DEADLOCK ***");
  }

  /**
   * The inversion that the letter names for truncate_mutex first, with the hole page that a fault
   * locked then.
   */
  @Test
  void truncateMutexFirstInvertsAgainstThePageLocksOfADirectory() throws Exception {
    LockReport report = violation(LabOrders.TRUNCATE_MUTEX_FIRST_2015, (_, _) -> {});
    assertThat(report.kind()).isEqualTo(LockReport.Kind.CIRCULAR);
    assertThat(report.chain()).containsExactly(LockClass.PAGE_LOCK, LockClass.TRUNCATE_MUTEX);
    assertThat(report.text())
        .contains("-> #1 (&ei->truncate_mutex)", "DirectoryBlocks.add")
        .contains("-> #0 (page_lock(ext2))", "LabInodeLocks.fault");
  }

  private interface Body {
    void run(Ext2FileSystem fs, OpenFile file) throws Exception;
  }

  /**
   * Returns the report of the check for a file made in a new block of its directory, a store, and a
   * body.
   */
  private static LockReport violation(LockOrder order, Body body) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image.options(),
              image.instrumentation().withVariation(Lab.of(Profile.LINUX_5_10, order)));
      AddressSpace mm = fs.newAddressSpace();
      LockOrderViolation[] found = {null};
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 20; i++) {
                  fs.open("/" + "n".repeat(240) + i, O_RDWR_CREAT, 0644).close();
                }
                OpenFile file = fs.open("/f", O_RDWR_CREAT, 0644);
                file.truncate(P);
                Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
                mm.store(m, 0, new byte[] {1});
                body.run(fs, file);
              })
          .isInstanceOfSatisfying(LockOrderViolation.class, each -> found[0] = each);
      return found[0].report().orElseThrow();
    }
  }
}
