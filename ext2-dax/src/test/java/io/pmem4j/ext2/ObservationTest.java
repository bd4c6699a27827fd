// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/**
 * The observations that a comparison with the kernel rests on, made from outside: the checks inside
 * are off. Mutants break one thing each, and one of these observations shows it.
 */
class ObservationTest {
  private static final int P = 4096;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

  private interface Body {
    void run(ImageFixture image, Ext2FileSystem fs, OpenFile file, AddressSpace mm)
        throws Exception;
  }

  private static void with(Body body) throws Exception {
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs =
          Ext2FileSystem.mount(
              image.region(), image.options(), image.instrumentation().withIsolationChecks(false));
      AddressSpace mm = fs.newAddressSpace();
      try (OpenFile file = fs.open("/f", 0102, 0644)) {
        body.run(image, fs, file, mm);
      }
      fs.unmount();
      image.assertClean();
    }
  }

  private static Vma map(AddressSpace mm, OpenFile file, long length) throws Exception {
    return mm.mmap(file.mappable(), 0, length, READ_WRITE, AddressSpace.MAP_SHARED);
  }

  @Test
  void aStoreReplacesTheZeroPage() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = map(mm, file, P);
      mm.load(m, 0, 1);
      mm.store(m, 0, new byte[] {7});
      assertThat(mm.load(m, 0, 1)).containsExactly(7);
      assertThat(mm.pagemap(m, 0).toString()).startsWith("block ");
      assertThat(file.stat().blocks512()).isEqualTo(8);
      mm.munmap(m);
    });
  }

  @Test
  void aChildStoresToItsOwnCopy() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = mm.mmap(file.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_PRIVATE);
      mm.store(m, 0, new byte[] {1});
      AddressSpace child = mm.fork();
      child.store(m, 0, new byte[] {2});
      assertThat(mm.load(m, 0, 1)).containsExactly(1);
      child.exit();
      mm.munmap(m);
    });
  }

  @Test
  void mprotectEndsStores() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = map(mm, file, P);
      mm.store(m, 0, new byte[] {1});
      mm.mprotect(m, 0, P, AddressSpace.PROT_READ);
      assertThatThrownBy(() -> mm.store(m, 0, new byte[] {2})).isInstanceOf(SignalException.class);
      assertThat(mm.load(m, 0, 1)).containsExactly(1);
      mm.munmap(m);
    });
  }

  @Test
  void mremapMovesEntries() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = map(mm, file, P);
      mm.store(m, 0, new byte[] {1});
      Vma moved = mm.mremap(m, P, AddressSpace.MREMAP_MAYMOVE | AddressSpace.MREMAP_FIXED);
      assertThat(mm.pagemap(moved, 0).toString()).startsWith("block ");
      mm.munmap(moved);
    });
  }

  @Test
  void aMappingShowsNoFreedBlock() throws Exception {
    with((image, fs, file, mm) -> {
      file.pwrite(0, new byte[P]);
      Vma m = map(mm, file, P);
      mm.store(m, 0, new byte[] {1});
      file.truncate(0);
      assertThat(mm.pagemap(m, 0).toString()).isEqualTo("none");
      assertThatThrownBy(() -> mm.store(m, 0, new byte[] {2})).isInstanceOf(SignalException.class);
      mm.munmap(m);
    });
  }

  @Test
  void bytesThatWereCutOffDoNotComeBack() throws Exception {
    with((image, fs, file, mm) -> {
      file.pwrite(0, OnImage.bytes(P, 9));
      file.truncate(100);
      file.truncate(P);
      byte[] back = new byte[P];
      file.pread(0, back);
      assertThat(back[99]).isEqualTo((byte) 9);
      assertThat(back[100]).isZero();
    });
  }

  @Test
  void truncatedBlocksAreFree() throws Exception {
    with((image, fs, file, mm) -> {
      file.pwrite(0, new byte[P]);
      file.truncate(0);
      assertThat(file.stat().blocks512()).isZero();
    });
  }

  @Test
  void aNewBlockShowsNothingOfItsLastOwner() throws Exception {
    with((image, fs, file, mm) -> {
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
        assertThat(mm.load(n, 1, P - 1)).containsOnly(0);
        mm.munmap(n);
      }
      mm.munmap(m);
    });
  }

  @Test
  void aStoreAfterMsyncChangesTheTimes() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = map(mm, file, P);
      mm.store(m, 0, new byte[] {1});
      mm.msync(m, 0, P, AddressSpace.MS_SYNC);
      image.clock.addAndGet(5);
      mm.store(m, 0, new byte[] {2});
      assertThat(file.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 5);
      mm.munmap(m);
    });
  }

  @Test
  void daxSemIsAmongTheEdges() throws Exception {
    with((image, fs, file, mm) -> {
      file.truncate(P);
      Vma m = map(mm, file, 2 * P);
      mm.store(m, 0, new byte[] {1});
      assertThatThrownBy(() -> mm.load(m, P, 1)).isInstanceOf(SignalException.class);
      assertThat(image.lockValidator.edges().toString()).contains("sb_pagefaults -> &ei->dax_sem");
      mm.munmap(m);
    });
  }
}
