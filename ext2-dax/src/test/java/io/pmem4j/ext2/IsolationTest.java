// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lock.LockOrderViolation;
import io.pmem4j.ext2.lock.LockReport;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promises at the end of each exclusive section of {@code dax_sem}, each broken by a planted
 * fault; and a fault that fails after its lookup, which must not begin to truncate.
 */
class IsolationTest {
  private static final int P = 4096;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  /** Three levels of pointers: far behind what is cut off first. */
  private static final long FAR = 12L + 1024 + 1024 * 1024;

  @ParameterizedTest
  @CsvSource({
    "truncate-skips-unmap,   '(a) 1 page table entries show what is freed, from page 0'",
    "free-before-unmap,      '(a) 1 page table entries show what is freed, from page 0'",
    "truncate-keeps-entries, '(b) 1 DAX entries reach behind page 0'",
    "truncate-keeps-trees,   '(c) block of pointers'",
    "truncate-keeps-size,    '(d) the size is'",
  })
  void eachBrokenPromiseIsNamed(String fault, String promise) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount(fault);
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(0, new byte[P]);
      file.pwrite(FAR * P, new byte[] {1});
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.load(m, 0, 1);
      assertThatThrownBy(() -> file.truncate(0))
          .isInstanceOf(IsolationViolation.class)
          .hasMessageContaining(promise);
    }
  }

  @Test
  void everyBlockBehindTheSizeIsLookedFor() throws Exception {
    for (long page : new long[] {12, 500, 12 + 1024, 12 + 1024 + 5000, FAR, FAR + 70_000}) {
      try (ImageFixture image = new ImageFixture()) {
        Ext2FileSystem fs = image.mount("truncate-keeps-trees");
        OpenFile file = fs.open("/f", 0102, 0644);
        file.pwrite(page * P, new byte[] {1});
        assertThatThrownBy(() -> file.truncate(P))
            .as("page " + page)
            .isInstanceOf(IsolationViolation.class)
            .hasMessageContaining("(c)");
      }
    }
  }

  @Test
  void evictionAndAFailedWriteAreLookedAtToo() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount("truncate-keeps-trees");
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(500L * P, new byte[] {1});
      fs.unlink("/f");
      assertThatThrownBy(file::close)
          .isInstanceOf(IsolationViolation.class)
          .hasMessageContaining("(c)");

      OpenFile full = fs.open("/full", 0102, 0644);
      assertThatThrownBy(
              () -> {
                for (long at = 20; ; at += 256) {
                  full.pwrite(at * P, new byte[256 * P]);
                }
              })
          .isInstanceOfAny(IsolationViolation.class, Ext2Exception.class);
    }
  }

  /** Blocks that a short write leaves behind the end go again, or the promises say so. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWriteThatItsBufferEndsLeavesNoBlocks(boolean broken) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = broken ? image.mount("truncate-keeps-trees") : image.mount();
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.truncate(P);
      Vma m = mm.mmap(file.mappable(), 0, 2 * P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.store(m, 0, new byte[P]);
      ThrowingCallable write = () -> file.pwrite(FAR * P, mm.buffer(m, 0, 2 * P));
      if (broken) {
        assertThatThrownBy(write)
            .isInstanceOf(IsolationViolation.class)
            .hasMessageContaining("(c)");
        return;
      }
      assertThat(file.pwrite(FAR * P, mm.buffer(m, 0, 2 * P))).isEqualTo(P);
      // As the kernel does: the page that was written is gone with those that were not.
      assertThat(file.stat().size()).isEqualTo((FAR + 1) * P);
      assertThat(file.stat().blocks512()).isEqualTo(8);
      mm.munmap(m);
      file.close();
      fs.unmount();
      image.assertClean();
    }
  }

  /** Between the pieces of a write, space runs out: what is written stays, nothing else does. */
  @Test
  void aWriteThatRunsOutOfSpaceKeepsWhatItWrote() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      try (OpenFile full = fs.open("/full", 0102, 0644);
          OpenFile file = fs.open("/f", 0102, 0644)) {
        assertThatThrownBy(
                () -> {
                  for (long at = 0; ; at += 64) {
                    full.pwrite(at * P, new byte[64 * P]);
                  }
                })
            .isInstanceOf(Ext2Exception.class);
        full.truncate(full.stat().size() - 5L * P);
        long written = file.pwrite(0, new byte[20 * P]);
        assertThat(written).isBetween((long) P, 6L * P);
        assertThat(file.stat().size()).isEqualTo(written);
        assertThat(file.stat().blocks512()).isEqualTo(written / 512);
        full.truncate(0);
      }
      fs.unmount();
      image.assertClean();
    }
  }

  /** Before the series a store to a page that truncation has left mapped was allowed. */
  @ParameterizedTest
  @CsvSource({"BEFORE_SERIES, true", "SERIES, false"})
  void aStoreBehindTheEndIsNotAllowed(Profile profile, boolean allowed) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(), image.options("truncate-skips-unmap").withProfile(profile));
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(0, new byte[P]);
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.load(m, 0, 1);
      assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(IsolationViolation.class);
      ThrowingCallable store = () -> mm.store(m, 0, new byte[] {1});
      if (allowed) {
        assertThatThrownBy(store)
            .isInstanceOf(IsolationViolation.class)
            .hasMessageContaining("a store to page 0 was allowed in a file of 0 bytes");
      } else {
        assertThatThrownBy(store).isInstanceOf(SignalException.class);
      }
    }
  }

  /** As when the device reports bad blocks: SIGBUS, no hang, and the next fault goes through. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(value = 30, unit = TimeUnit.SECONDS)
  void aFaultThatFailsAfterItsLookupDoesNotTruncate(boolean huge) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image
                  .options("media-error-after-lookup")
                  .withProfile(huge ? Profile.SERIES : Profile.LINUX_5_10));
      AddressSpace mm = fs.newAddressSpace();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        long bytes = Mmu.HUGE_BYTES - 100;
        file.truncate(bytes);
        Vma m =
            mm.mmap(file.mappable(), 0, bytes, READ_WRITE, AddressSpace.MAP_SHARED, Mmu.HUGE_BYTES);
        assertThatThrownBy(() -> mm.store(m, 511L * P, new byte[] {1}))
            .isInstanceOfSatisfying(
                SignalException.class,
                signal -> assertThat(signal.signo()).isEqualTo(SignalException.SIGBUS));
        assertThat(file.stat().size()).isEqualTo(bytes);
        assertThat(file.stat().blocks512()).isPositive();
        mm.munmap(m);
      }
      fs.unmount();
      image.assertClean();
    }
  }

  /** What the kernel does there: a task that holds dax_sem shared wants it alone. */
  @Test
  void aFaultThatDidTruncateWouldWaitForItself() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount("media-error-after-lookup", "failed-fault-truncates");
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.truncate(P - 100);
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      assertThatThrownBy(() -> mm.store(m, 0, new byte[] {1}))
          .isInstanceOfSatisfying(
              LockOrderViolation.class,
              violation -> {
                LockReport report = violation.report().orElseThrow();
                assertThat(report.kind()).isEqualTo(LockReport.Kind.RECURSIVE);
                assertThat(report.text())
                    .contains("possible recursive locking detected", "&ei->dax_sem")
                    .contains("writeFailed");
              });
    }
  }
}
