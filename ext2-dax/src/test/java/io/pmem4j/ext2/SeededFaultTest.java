// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/**
 * Faults planted by name: each breaks one thing, and the observation that would catch it in a
 * comparison with the kernel does see it. The same observations without the fault are in the other
 * tests.
 */
class SeededFaultTest {
  private static final int P = 4096;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  private interface Body {
    void run(ImageFixture image, Ext2FileSystem fs, OpenFile file, AddressSpace mm)
        throws Exception;
  }

  private static void with(String fault, boolean cleanAfter, Body body) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      // What the outside sees, not what the checks inside would say first.
      Ext2FileSystem fs =
          Ext2FileSystem.mount(image.region(), image.options(fault).withIsolationChecks(false));
      AddressSpace mm = fs.newAddressSpace();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        body.run(image, fs, file, mm);
      }
      fs.unmount();
      if (cleanAfter) {
        image.assertClean();
      } else {
        assertThatThrownBy(image::assertClean).isInstanceOf(AssertionError.class);
      }
    }
  }

  private static Vma map(AddressSpace mm, OpenFile file, long length) throws Exception {
    return mm.mmap(file.mappable(), 0, length, READ_WRITE, AddressSpace.MAP_SHARED);
  }

  @Test
  void zeroPageNotReplacedLosesTheStore() throws Exception {
    with(
        "zero-page-not-replaced",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = map(mm, file, P);
          mm.load(m, 0, 1);
          mm.store(m, 0, new byte[] {7});
          assertThat(mm.load(m, 0, 1)).containsExactly(0);
          assertThat(mm.pagemap(m, 0).toString()).isEqualTo("zero");
          assertThat(file.stat().blocks512()).isEqualTo(8);
          mm.munmap(m);
        });
  }

  @Test
  void forkKeepsWritableLetsTheChildWriteToTheParent() throws Exception {
    with(
        "fork-keeps-writable",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_PRIVATE);
          mm.store(m, 0, new byte[] {1});
          AddressSpace child = mm.fork();
          child.store(m, 0, new byte[] {2});
          assertThat(mm.load(m, 0, 1)).containsExactly(2);
          child.exit();
          mm.munmap(m);
        });
  }

  @Test
  void mprotectKeepsEntriesLetsStoresThrough() throws Exception {
    with(
        "mprotect-keeps-entries",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = map(mm, file, P);
          mm.store(m, 0, new byte[] {1});
          mm.mprotect(m, 0, P, AddressSpace.PROT_READ);
          mm.store(m, 0, new byte[] {2});
          assertThat(mm.load(m, 0, 1)).containsExactly(2);
          mm.munmap(m);
        });
  }

  @Test
  void mremapLosesEntries() throws Exception {
    with(
        "mremap-loses-entries",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = map(mm, file, P);
          mm.store(m, 0, new byte[] {1});
          Vma moved = mm.mremap(m, P, AddressSpace.MREMAP_MAYMOVE | AddressSpace.MREMAP_FIXED);
          assertThat(mm.pagemap(moved, 0).toString()).isEqualTo("none");
          mm.munmap(moved);
        });
  }

  @Test
  void truncateSkipsUnmapLeavesAWindowIntoFreedBlocks() throws Exception {
    with(
        "truncate-skips-unmap",
        true,
        (image, fs, file, mm) -> {
          file.pwrite(0, new byte[P]);
          Vma m = map(mm, file, P);
          mm.store(m, 0, new byte[] {1});
          file.truncate(0);
          mm.store(m, 0, new byte[] {2});
          assertThat(mm.pagemap(m, 0).toString()).startsWith("block ");
          mm.munmap(m);
        });
  }

  @Test
  void tailNotZeroedShowsOldBytesAfterGrowing() throws Exception {
    with(
        "tail-not-zeroed",
        true,
        (image, fs, file, mm) -> {
          file.pwrite(0, OnImage.bytes(P, 9));
          file.truncate(100);
          file.truncate(P);
          byte[] back = new byte[P];
          file.pread(0, back);
          assertThat(back[100]).isEqualTo((byte) 9);
        });
  }

  @Test
  void blockLeakedIsFoundByTheChecker() throws Exception {
    with(
        "block-leaked",
        false,
        (image, fs, file, mm) -> {
          file.pwrite(0, new byte[P]);
          file.truncate(0);
          assertThat(file.stat().blocks512()).isEqualTo(8);
        });
  }

  @Test
  void noZeroBeforeSpliceShowsTheLastOwnersBytes() throws Exception {
    with(
        "no-zero-before-splice",
        true,
        (image, fs, file, mm) -> {
          file.pwrite(0, OnImage.bytes(P, 9));
          file.truncate(0);
          file.pwrite(0, new byte[] {1});
          file.truncate(P);
          Vma m = map(mm, file, P);
          mm.store(m, 0, new byte[] {1});
          file.truncate(0);
          try (OpenFile other = fs.open("/other", 0102, 0644)) {
            other.truncate(P);
            Vma n = map(mm, other, P);
            mm.store(n, 0, new byte[] {1});
            assertThat(mm.load(n, 1, 1)).isNotEqualTo(new byte[] {0});
            mm.munmap(n);
          }
          mm.munmap(m);
        });
  }

  @Test
  void writebackKeepsWritableMissesTheNextStore() throws Exception {
    with(
        "writeback-keeps-writable",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = map(mm, file, P);
          mm.store(m, 0, new byte[] {1});
          mm.msync(m, 0, P, AddressSpace.MS_SYNC);
          image.clock.addAndGet(5);
          mm.store(m, 0, new byte[] {2});
          assertThat(file.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND);
          mm.munmap(m);
        });
  }

  @Test
  void noDaxSemTakesTheLockOutOfTheEdges() throws Exception {
    with(
        "no-dax-sem",
        true,
        (image, fs, file, mm) -> {
          file.truncate(P);
          Vma m = map(mm, file, 2 * P);
          mm.store(m, 0, new byte[] {1});
          assertThatThrownBy(() -> mm.load(m, P, 1)).isInstanceOf(SignalException.class);
          assertThat(fs.lockValidator().edges().toString())
              .doesNotContain("sb_pagefaults -> &ei->dax_sem", "mmap_lock -> &ei->dax_sem");
          mm.munmap(m);
        });
  }
}
