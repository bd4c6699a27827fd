// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static io.pmem4j.ext2.mm.AddressSpace.MAP_PRIVATE;
import static io.pmem4j.ext2.mm.AddressSpace.MAP_SHARED;
import static io.pmem4j.ext2.mm.AddressSpace.MREMAP_FIXED;
import static io.pmem4j.ext2.mm.AddressSpace.MREMAP_MAYMOVE;
import static io.pmem4j.ext2.mm.AddressSpace.PROT_READ;
import static io.pmem4j.ext2.mm.AddressSpace.PROT_WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Advice;
import io.pmem4j.ext2.mm.SignalException;
import io.pmem4j.ext2.mm.Vma;
import java.util.List;
import org.junit.jupiter.api.Test;

/** fork, mprotect, mremap, madvise, munmap of a part, mincore and exit, and I/O from a mapping. */
class MappingCallsTest extends OnImage {
  private static final int READ_WRITE = PROT_READ | PROT_WRITE;

  private static void assertForbidden(Vma vma, long offset, Runnable access) {
    assertThatThrownBy(access::run)
        .isInstanceOfSatisfying(
            SignalException.class,
            signal -> {
              assertThat(signal.signo()).isEqualTo(SignalException.SIGSEGV);
              assertThat(signal.code()).isEqualTo(SignalException.SEGV_ACCERR);
              assertThat(signal.address()).isEqualTo(vma.start() + offset);
            });
  }

  @Test
  void aChildHasTheMappingAndNoEntries() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    store(m, 0, 1);
    AddressSpace child = mm.fork();
    assertThat(child.pagemap(m, 0)).hasToString("none");
    assertThat(page(m, 0)).startsWith("block ");
    child.store(m, 1, new byte[] {2});
    assertThat(load(m, 1)).isEqualTo((byte) 2);
    child.exit();
    assertThat(load(m, 1)).isEqualTo((byte) 2);
  }

  @Test
  void aPrivateCopyBelongsToBothUntilOneStores() throws Exception {
    f.pwrite(0, bytes(2 * P, 5));
    Vma m = map(mm, f, 2 * P, MAP_PRIVATE);
    store(m, 0, 6);
    load(m, P);
    AddressSpace child = mm.fork();
    assertThat(child.pagemap(m, 0)).hasToString("anon");
    assertThat(child.pagemap(m, P).toString()).startsWith("block ");
    child.store(m, 0, new byte[] {7});
    assertThat(load(m, 0)).isEqualTo((byte) 6);
    store(m, 0, 8);
    assertThat(child.load(m, 0, 1)).containsExactly(7);
    assertThat(read(f, 0)).isEqualTo((byte) 5);
    child.exit();
  }

  /** Shared by two processes, and all zeros: an anonymous page is still not the page of zeros. */
  @Test
  void anAnonymousPageOfZerosIsNotTheZeroPageAfterFork() throws Exception {
    f.truncate(2 * P);
    Vma m = map(mm, f, 2 * P, MAP_PRIVATE);
    load(m, 0);
    store(m, P, 0);
    AddressSpace child = mm.fork();
    for (AddressSpace each : new AddressSpace[] {mm, child}) {
      assertThat(each.pagemap(m, 0)).hasToString("zero");
      assertThat(each.pagemap(m, P)).hasToString("anon");
    }
    child.store(m, 0, new byte[] {0});
    assertThat(child.pagemap(m, 0)).hasToString("anon");
    assertThat(page(m, 0)).isEqualTo("zero");
    child.exit();
    assertThat(page(m, 1)).isEqualTo("anon");
  }

  @Test
  void aPrivateMappingWithoutCopiesIsNotCopied() throws Exception {
    f.pwrite(0, bytes(P, 5));
    Vma m = map(mm, f, P, MAP_PRIVATE);
    load(m, 0);
    AddressSpace child = mm.fork();
    assertThat(child.pagemap(m, 0)).hasToString("none");
    child.exit();
  }

  @Test
  void truncationReachesTheChild() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    AddressSpace child = mm.fork();
    child.store(m, 0, new byte[] {1});
    f.truncate(0);
    assertThat(child.pagemap(m, 0)).hasToString("none");
    assertBusError(m, 0, () -> child.load(m, 0, 1));
    child.exit();
  }

  @Test
  void anUnlinkedFileLivesAsLongAsTheChild() throws Exception {
    OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644);
    g.truncate(P);
    Vma m = mm.mmap(g.mappable(), 0, P, READ_WRITE, MAP_SHARED);
    AddressSpace child = mm.fork();
    mm.munmap(m);
    g.close();
    fs.unlink("/g");
    child.store(m, 0, new byte[] {3});
    assertThat(child.load(m, 0, 1)).containsExactly(3);
    child.exit();
  }

  @Test
  void protectionTakesStoresAndGivesThemBackWithoutAFault() throws Exception {
    f.truncate(3 * P);
    Vma m = shared(f, 3 * P);
    store(m, P, 1);
    mm.mprotect(m, P, P, PROT_READ);
    events();
    assertForbidden(m, P, () -> store(m, P, 2));
    assertThat(load(m, P)).isEqualTo((byte) 1);
    store(m, 2 * P, 3);
    events();
    mm.mprotect(m, P, P, READ_WRITE);
    store(m, P, 4);
    // The entry was dirty all the time.
    assertThat(events()).isEmpty();
    mm.mprotect(m, 0, 3 * P, 0);
    assertForbidden(m, P, () -> load(m, P));
    assertThat(page(m, 1)).startsWith("block ");
  }

  @Test
  void whatWasWrittenBackUnderProtectionFaultsAgain() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    store(m, 0, 1);
    mm.mprotect(m, 0, P, PROT_READ);
    f.fsync();
    mm.mprotect(m, 0, P, READ_WRITE);
    events();
    store(m, 0, 2);
    assertThat(events()).first().asString().contains("WRITE|MKWRITE");
  }

  @Test
  void aFileOpenForReadingIsNotMadeWritable() throws Exception {
    f.truncate(P);
    try (OpenFile r = fs.open("/f", 0, 0)) {
      Vma m = mm.mmap(r.mappable(), 0, P, PROT_READ, MAP_SHARED);
      assertErrno(Errno.EACCES, () -> mm.mprotect(m, 0, P, READ_WRITE));
      Vma p = mm.mmap(r.mappable(), 0, P, PROT_READ, MAP_PRIVATE);
      mm.mprotect(p, 0, P, READ_WRITE);
      store(p, 0, 9);
      assertErrno(Errno.ENOMEM, () -> mm.mprotect(p, 0, 2 * P, PROT_READ));
      assertErrno(Errno.EINVAL, () -> mm.mprotect(p, 1, P, PROT_READ));
      mm.munmap(m);
      mm.munmap(p);
    }
  }

  @Test
  void aMappingThatMovesLeavesTheNextOneItsPages() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, P);
    Vma next = shared(f, P);
    assertThat(next.start()).isEqualTo(m.start() + 2 * P);
    store(next, 0, 1);
    String before = page(next, 0);
    Vma grown = mm.mremap(m, 4 * P, MREMAP_MAYMOVE);
    vmas.add(grown);
    assertThat(grown.start()).isNotEqualTo(m.start());
    assertThat(page(next, 0)).isEqualTo(before);
  }

  @Test
  void aMappingMovesWithItsEntries() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 2 * P);
    store(m, 0, 1);
    String before = page(m, 0);
    events();
    Vma moved = mm.mremap(m, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED);
    vmas.add(moved);
    assertThat(moved.start()).isNotEqualTo(m.start());
    assertThat(page(moved, 0)).isEqualTo(before);
    assertThat(page(m, 0)).isEqualTo("none");
    assertThat(events()).isEmpty();
    Vma grown = mm.mremap(moved, 4 * P, MREMAP_MAYMOVE);
    vmas.add(grown);
    store(grown, 3 * P, 4);
    assertThat(read(f, 3 * P)).isEqualTo((byte) 4);
    Vma shrunk = mm.mremap(grown, P, 0);
    assertThat(load(shrunk, 0)).isEqualTo((byte) 1);
    assertThat(page(grown, 3)).isEqualTo("none");
    f.truncate(0);
    assertBusError(shrunk, 0, () -> load(shrunk, 0));
  }

  @Test
  void aDividedMappingDoesNotMove() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    mm.madvise(m, 0, P, Advice.HUGEPAGE.number());
    assertErrno(Errno.EFAULT, () -> mm.mremap(m, 4 * P, MREMAP_MAYMOVE));
    mm.madvise(m, P, P, Advice.HUGEPAGE.number());
    vmas.add(mm.mremap(m, 4 * P, MREMAP_MAYMOVE));
  }

  @Test
  void adviceTakesEntriesAndKeepsData() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    store(m, 0, 1);
    assertThat(mm.mincore(m, 0, 2 * P)).containsExactly(true, false);
    mm.madvise(m, 0, P, Advice.DONTNEED.number());
    assertThat(mm.mincore(m, 0, P)).containsExactly(false);
    assertThat(load(m, 0)).isEqualTo((byte) 1);
    mm.madvise(m, 0, P, Advice.WILLNEED.number());
    assertErrno(Errno.EOPNOTSUPP, () -> mm.madvise(m, 0, P, Advice.REMOVE.number()));
    assertErrno(Errno.EINVAL, () -> mm.madvise(m, 0, P, Advice.FREE.number()));
    assertErrno(Errno.EINVAL, () -> mm.madvise(m, 0, P, 77));
    assertErrno(Errno.ENOMEM, () -> mm.madvise(m, 0, 3 * P, Advice.NORMAL.number()));
    assertErrno(Errno.ENOMEM, () -> mm.mincore(m, 0, 3 * P));
  }

  @Test
  void aPartIsUnmapped() throws Exception {
    f.truncate(3 * P);
    Vma m = shared(f, 3 * P);
    store(m, 0, 1);
    store(m, P, 2);
    store(m, 2 * P, 3);
    mm.munmap(m, P, P);
    assertThatThrownBy(() -> load(m, P))
        .isInstanceOfSatisfying(
            SignalException.class,
            signal -> assertThat(signal.code()).isEqualTo(SignalException.SEGV_MAPERR));
    assertThat(load(m, 2 * P)).isEqualTo((byte) 3);
    assertErrno(Errno.ENOMEM, () -> mm.msync(m, 0, 3 * P, AddressSpace.MS_SYNC));
    // What lies around the gap was written back all the same.
    events();
    store(m, 2 * P, 4);
    assertThat(events()).first().asString().contains("WRITE|MKWRITE");
  }

  @Test
  void aFileIsWrittenFromItsOwnMappingAndReadIntoIt() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 4 * P);
    mm.store(m, 0, bytes(P, 1));
    assertThat(f.pwrite(P, mm.buffer(m, 0, P))).isEqualTo(P);
    assertThat(f.pread(P, mm.buffer(m, 2 * P + 10, 100))).isEqualTo(100);
    assertThat(mm.load(m, 2 * P + 9, 3)).containsExactly(0, 1, 1);
    assertThat(f.pwrite(0, mm.buffer(m, 3 * P, 2 * P))).isEqualTo(P);
    assertErrno(Errno.EFAULT, () -> f.pwrite(0, mm.buffer(m, 4 * P, 10)));
    assertThat(f.stat().size()).isEqualTo(4 * P);
  }

  @Test
  void aWriteWhoseBufferEndsLeavesNothingBehindTheEnd() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    assertErrno(Errno.EFAULT, () -> f.pwrite(4 * P, mm.buffer(m, P, 10)));
    assertThat(f.stat().size()).isEqualTo(P);
    assertThat(f.stat().blocks512()).isZero();
  }

  @Test
  void whatFilesDoWithoutData() throws Exception {
    f.pwrite(2 * P, bytes(10, 1));
    assertThat(f.seek(0, 3)).isZero();
    assertThat(f.seek(0, 4)).isEqualTo(2 * P + 10);
    assertErrno(Errno.ENXIO, () -> f.seek(2 * P + 10, 3));
    assertThat(f.seek(-10, 2)).isEqualTo(2 * P);
    assertThat(f.seek(1, 1)).isEqualTo(2 * P + 1);
    assertErrno(Errno.EINVAL, () -> f.seek(-1, 0));
    for (int mode : List.of(0, 1, 3, 0x10, 0x8, 0x20)) {
      assertErrno(Errno.EOPNOTSUPP, () -> f.fallocate(mode, 0, P));
    }
    assertErrno(Errno.EINVAL, () -> f.fallocate(0, 0, 0));
    assertErrno(Errno.EFBIG, () -> f.fallocate(0, 0, Long.MAX_VALUE));
    Vma m = shared(f, 3 * P);
    store(m, 0, 1);
    f.syncFileRange(0, 0, 2);
    events();
    store(m, 0, 2);
    assertThat(events()).isEmpty();
    f.syncFileRange(0, 0, 7);
    events();
    store(m, 0, 3);
    assertThat(events()).isNotEmpty();
  }

  @Test
  void aFileLockIsTheOpenFiles() throws Exception {
    try (OpenFile g = fs.open("/f", 2, 0);
        OpenFile same = f.duplicate()) {
      f.flock(2);
      same.flock(2 | 4);
      assertErrno(Errno.EAGAIN, () -> g.flock(1 | 4));
      f.flock(8);
      g.flock(1);
      f.flock(1 | 4);
      assertErrno(Errno.EAGAIN, () -> f.flock(2 | 4));
      assertErrno(Errno.EINVAL, () -> f.flock(3));
    }
    f.flock(2 | 4);
  }
}
