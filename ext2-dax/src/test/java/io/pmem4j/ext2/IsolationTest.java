// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promises at the end of each exclusive section of {@code dax_sem}; mutants break each of them,
 * and these tests name it. And faults that fail after their lookup: no test here can make a medium
 * fail, but a mutant can.
 */
class IsolationTest {
  private static final int P = 4096;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  /** Three levels of pointers: far behind what is cut off first. */
  private static final long FAR = 12L + 1024 + 1024 * 1024;

  @Test
  void truncationKeepsItsPromises() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(0, new byte[P]);
      file.pwrite(FAR * P, new byte[] {1});
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.load(m, 0, 1);
      file.truncate(0);
      assertThat(file.stat().size()).isZero();
      assertThat(file.stat().blocks512()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {12, 500, 12 + 1024, 12 + 1024 + 5000, FAR, FAR + 70_000})
  void everyBlockPastTheEndIsFreed(long page) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(page * P, new byte[] {1});
      file.truncate(P);
      assertThat(file.stat().blocks512()).isZero();
    }
  }

  @Test
  void evictionFreesBlocksOfPointers() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(500L * P, new byte[] {1});
      fs.unlink("/f");
      file.close();
      fs.unmount();
      image.assertClean();
    }
  }

  /** Blocks that a short write leaves past the end are freed. */
  @Test
  void aWriteThatItsBufferEndsLeavesNoBlocks() throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.truncate(P);
      Vma m = mm.mmap(file.mappable(), 0, 2 * P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.store(m, 0, new byte[P]);
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

  /**
   * The page table entry is gone, so that a store faults and is refused. If it is left, as a mutant
   * leaves it, the check of page_mkwrite reports the store.
   */
  @Test
  void beforeTheSeriesNoStorePastTheEndIsAllowed() throws Exception {
    storePastTheEnd(Profile.BEFORE_SERIES);
  }

  /** The size check of the series refuses the store even where the page table entry is left. */
  @Test
  void inTheSeriesNoStorePastTheEndIsAllowed() throws Exception {
    storePastTheEnd(Profile.SERIES);
  }

  private static void storePastTheEnd(Profile profile) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image.options(),
              image.instrumentation().withVariation(Lab.of(profile)));
      AddressSpace mm = fs.newAddressSpace();
      OpenFile file = fs.open("/f", 0102, 0644);
      file.pwrite(0, new byte[P]);
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      mm.load(m, 0, 1);
      try {
        file.truncate(0);
      } catch (IsolationViolation left) {
        // Only a mutant comes here; the store is judged all the same.
        assertThat(left).hasMessageContaining("(a)");
      }
      assertThatThrownBy(() -> mm.store(m, 0, new byte[] {1})).isInstanceOf(SignalException.class);
    }
  }

  /**
   * The last page lies partly past the end. A fault there that fails after its lookup gets SIGBUS
   * and truncates nothing: it would wait for the dax_sem that it holds.
   */
  @ParameterizedTest
  @EnumSource(names = {"LINUX_5_10", "SERIES"})
  @Timeout(value = 30, unit = TimeUnit.SECONDS)
  void aStoreToTheLastPageOfAFileSucceeds(Profile profile) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(),
              image.options(),
              image.instrumentation().withVariation(Lab.of(profile)));
      AddressSpace mm = fs.newAddressSpace();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        long bytes = Mmu.HUGE_BYTES - 100;
        file.truncate(bytes);
        Vma m =
            mm.mmap(file.mappable(), 0, bytes, READ_WRITE, AddressSpace.MAP_SHARED, Mmu.HUGE_BYTES);
        try {
          mm.store(m, 511L * P, new byte[] {1});
        } finally {
          assertThat(file.stat().size()).isEqualTo(bytes);
          assertThat(file.stat().blocks512()).isPositive();
          mm.munmap(m);
        }
      }
      fs.unmount();
      image.assertClean();
    }
  }
}
