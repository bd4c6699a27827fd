// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import org.junit.jupiter.api.Test;

/** Faults of shared mappings: the programs of the kernel's observed behaviour, on the model. */
class SharedFaultTest extends OnImage {

  @Test
  void loadOfAHoleShowsTheZeroPageAndAllocatesNothing() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 4 * P);
    assertThat(load(m, 0)).isZero();
    assertThat(page(m, 0)).isEqualTo("zero");
    assertThat(f.stat().blocks512()).isZero();
    assertThat(events())
        .containsExactly(
            "dax_pte_fault shared - pgoff=0",
            "dax_load_hole shared - pgoff=0 NOPAGE",
            "dax_pte_fault_done shared - pgoff=0 NOPAGE");
  }

  @Test
  void storeIntoALoadedHoleReplacesTheZeroPage() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 4 * P);
    load(m, 0);
    events();
    store(m, 0, 0x5a);
    long block = f.fiemap().getFirst().physicalBytes() / P;
    assertThat(events())
        .containsExactly(
            "dax_pte_fault shared WRITE|MKWRITE pgoff=0",
            "dax_insert_mapping shared write pgoff=0 block=" + block,
            "dax_pte_fault_done shared WRITE|MKWRITE pgoff=0 NOPAGE");
    assertThat(page(m, 0)).isEqualTo("block " + block);
    assertThat(f.stat().blocks512()).isEqualTo(8);
    assertThat(read(f, 0)).isEqualTo((byte) 0x5a);
    assertThat(load(m, 0)).isEqualTo((byte) 0x5a);
  }

  @Test
  void storeIntoAnUntouchedHoleIsOneFaultAndTakesTheNextBlock() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 4 * P);
    store(m, 0, 1);
    events();
    store(m, P, 2);
    long first = f.fiemap().getFirst().physicalBytes() / P;
    assertThat(events())
        .containsExactly(
            "dax_pte_fault shared WRITE pgoff=1",
            "dax_insert_mapping shared write pgoff=1 block=" + (first + 1),
            "dax_pte_fault_done shared WRITE pgoff=1 NOPAGE");
    assertThat(f.fiemap()).containsExactly(new Extent(0, first * P, 2 * P, Extent.MERGED));
  }

  @Test
  void aStoreInOneAddressSpaceTakesTheZeroPageOutOfTheOther() throws Exception {
    f.truncate(P);
    Vma a = shared(f, P);
    Vma b = map(fs.newAddressSpace(), f, P, AddressSpace.MAP_SHARED);
    assertThat(load(a, 0)).isZero();
    store(b, 0, 7);
    assertThat(page(a, 0)).isEqualTo("none");
    assertThat(load(a, 0)).isEqualTo((byte) 7);
  }

  @Test
  void aDirtyPageFaultsNoMoreAndKeepsItsTimes() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    store(m, 0, 1);
    long mtime = f.stat().mtime();
    events();
    image.clock.addAndGet(2);
    store(m, 1, 2);
    assertThat(events()).isEmpty();
    assertThat(f.stat().mtime()).isEqualTo(mtime);
  }

  @Test
  void msyncMakesTheNextStoreFaultWithNewTimes() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    store(m, 0, 1);
    events();
    mm.msync(m, 0, P, AddressSpace.MS_ASYNC);
    assertThat(events()).isEmpty();
    mm.msync(m, 0, P, AddressSpace.MS_SYNC);
    assertThat(events())
        .containsExactly(
            "dax_writeback_range pgoff=0-0",
            "dax_writeback_one pgoff=0 pglen=1",
            "dax_writeback_range_done end=0");
    image.clock.addAndGet(2);
    store(m, 0, 2);
    assertThat(events()).hasSize(3).first().isEqualTo("dax_pte_fault shared WRITE|MKWRITE pgoff=0");
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 2);
    assertThat(f.stat().ctime()).isEqualTo(ImageFixture.BASE_SECOND + 2);
  }

  @Test
  void fsyncOfACleanMappingTracesNothing() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    load(m, 0);
    events();
    f.fsync();
    assertThat(events()).isEmpty();
  }

  @Test
  void beyondTheEndEveryAccessIsABusError() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 4 * P);
    image.clock.addAndGet(1);
    assertBusError(m, 2 * P + 17, () -> load(m, 2 * P + 17));
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND);
    image.clock.addAndGet(1);
    assertBusError(m, 3 * P, () -> store(m, 3 * P, 1));
    assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 2);
    assertThat(f.stat().ctime()).isEqualTo(ImageFixture.BASE_SECOND + 2);
    assertThat(f.stat().blocks512()).isZero();
    assertThat(events())
        .containsExactly(
            "dax_pte_fault shared - pgoff=2",
            "dax_pte_fault_done shared - pgoff=2 SIGBUS",
            "dax_pte_fault shared WRITE pgoff=3",
            "dax_pte_fault_done shared WRITE pgoff=3 SIGBUS");
  }

  @Test
  void theTailPageBelongsToTheFile() throws Exception {
    f.truncate(P + 10);
    Vma m = shared(f, 3 * P);
    assertThat(load(m, 2 * P - 1)).isZero();
    assertBusError(m, 2 * P, () -> load(m, 2 * P));
  }

  @Test
  void shrinkingZeroesTheTailAtOnce() throws Exception {
    f.pwrite(0, bytes(2 * P, 0x11));
    Vma m = shared(f, 2 * P);
    assertThat(load(m, P + 100)).isEqualTo((byte) 0x11);
    f.truncate(P + 100);
    assertThat(load(m, P + 99)).isEqualTo((byte) 0x11);
    assertThat(load(m, P + 100)).isZero();
    assertThat(load(m, 2 * P - 1)).isZero();
  }

  @Test
  void aStoreBehindTheEndIsKeptAndAppearsWhenTheFileGrows() throws Exception {
    f.truncate(P + 100);
    Vma m = shared(f, 2 * P);
    store(m, P + 200, 0x77);
    f.truncate(P + 100);
    assertThat(load(m, P + 200)).as("the same size again zeroes nothing").isEqualTo((byte) 0x77);
    f.truncate(2 * P);
    assertThat(read(f, P + 200)).isEqualTo((byte) 0x77);
  }

  @Test
  void growingByOneByteClearsTheRestOfThePage() throws Exception {
    f.truncate(P + 100);
    Vma m = shared(f, 2 * P);
    store(m, P + 200, 0x77);
    f.truncate(P + 101);
    assertThat(load(m, P + 200)).isZero();
  }

  @Test
  void truncateToNothingTakesPagesAndBlocks() throws Exception {
    f.pwrite(0, bytes(4 * P, 0x22));
    Vma m = shared(f, 4 * P);
    store(m, 0, 0x33);
    load(m, P);
    f.truncate(0);
    assertThat(page(m, 0)).isEqualTo("none");
    assertThat(page(m, 1)).isEqualTo("none");
    assertThat(f.stat().blocks512()).isZero();
    assertBusError(m, 0, () -> load(m, 0));
    f.truncate(4 * P);
    assertThat(load(m, 0)).isZero();
    assertThat(page(m, 0)).isEqualTo("zero");
  }

  @Test
  void anEmptyFileCanBeMappedAndFilledLater() throws Exception {
    Vma m = shared(f, P);
    assertBusError(m, 0, () -> store(m, 0, 1));
    f.pwrite(0, new byte[] {9});
    store(m, 0, 8);
    assertThat(f.stat().size()).isEqualTo(1);
    assertThat(read(f, 0)).isEqualTo((byte) 8);
  }

  @Test
  void aStoreNeverMovesTheSize() throws Exception {
    f.truncate(10);
    Vma m = shared(f, P);
    store(m, 4000, 1);
    assertThat(f.stat().size()).isEqualTo(10);
  }

  @Test
  void aWriteIntoAMappedHoleIsSeenThroughTheMapping() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    load(m, 0);
    assertThat(page(m, 0)).isEqualTo("zero");
    f.pwrite(10, new byte[] {4});
    assertThat(page(m, 0)).isEqualTo("none");
    assertThat(load(m, 10)).isEqualTo((byte) 4);
    assertThat(page(m, 0)).startsWith("block ");
  }

  @Test
  void aWriteOverAMappedBlockIsSeenAtOnceWithoutAFault() throws Exception {
    f.pwrite(0, bytes(P, 1));
    Vma m = shared(f, P);
    load(m, 0);
    events();
    f.pwrite(5, new byte[] {2});
    assertThat(page(m, 0)).startsWith("block ");
    assertThat(load(m, 5)).isEqualTo((byte) 2);
    assertThat(events()).isEmpty();
  }

  @Test
  void aFileCanBeWrittenFromItsOwnMapping() throws Exception {
    f.pwrite(0, bytes(P, 3));
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    assertThat(f.pwrite(P, mm.load(m, 0, P))).isEqualTo(P);
    assertThat(read(f, 2 * P - 1)).isEqualTo((byte) 3);
  }

  @Test
  void anUnlinkedFileLivesAsLongAsItsMapping() throws Exception {
    Vma m;
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
      g.pwrite(0, bytes(P, 5));
      m = mm.mmap(g.mappable(), 0, P, AddressSpace.PROT_READ, AddressSpace.MAP_SHARED);
      fs.unlink("/g");
    }
    assertErrno(Errno.EBUSY, fs::unmount);
    assertThat(load(m, 0)).isEqualTo((byte) 5);
    mm.munmap(m);
  }

  @Test
  void aClosedFileAnswersBadDescriptor() throws Exception {
    OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644);
    var mappable = g.mappable();
    g.close();
    g.close();
    assertErrno(Errno.EBADF, () -> g.pread(0, new byte[1]));
    assertErrno(Errno.EBADF, g::stat);
    assertErrno(
        Errno.EBADF,
        () -> mm.mmap(mappable, 0, P, AddressSpace.PROT_READ, AddressSpace.MAP_SHARED));
    try (OpenFile readOnly = fs.open("/f", 0, 0)) {
      assertErrno(Errno.EBADF, () -> readOnly.pwrite(0, new byte[1]));
      assertErrno(Errno.EINVAL, () -> readOnly.truncate(0));
      assertErrno(Errno.EINVAL, () -> readOnly.pread(-1, new byte[1]));
    }
    assertErrno(Errno.EFBIG, () -> f.truncate(Long.MAX_VALUE));
    assertErrno(Errno.EFBIG, () -> f.pwrite(Long.MAX_VALUE - 1, new byte[1]));
  }

  @Test
  void mmapRefusesWhatTheKernelRefuses() throws Exception {
    f.truncate(P);
    int readWrite = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;
    try (OpenFile readOnly = fs.open("/f", 0, 0)) {
      assertErrno(
          Errno.EACCES,
          () -> mm.mmap(readOnly.mappable(), 0, P, readWrite, AddressSpace.MAP_SHARED));
      Vma copy = mm.mmap(readOnly.mappable(), 0, P, readWrite, AddressSpace.MAP_PRIVATE);
      mm.munmap(copy);
    }
    int sync = AddressSpace.MAP_SHARED_VALIDATE | AddressSpace.MAP_SYNC;
    assertErrno(Errno.EOPNOTSUPP, () -> mm.mmap(f.mappable(), 0, P, readWrite, sync));
    assertErrno(
        Errno.EINVAL, () -> mm.mmap(f.mappable(), 1, P, readWrite, AddressSpace.MAP_SHARED));
    assertErrno(
        Errno.EINVAL, () -> mm.mmap(f.mappable(), 0, 0, readWrite, AddressSpace.MAP_SHARED));
    assertErrno(
        Errno.EOVERFLOW,
        () -> mm.mmap(f.mappable(), Long.MAX_VALUE - 4095, P, readWrite, AddressSpace.MAP_SHARED));
    vmas.add(
        mm.mmap(f.mappable(), 0, P, readWrite, AddressSpace.MAP_SHARED | AddressSpace.MAP_SYNC));
  }
}
