// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Files of a mount without DAX: what they answer, and what is on the medium when. */
class CachedFileTest extends OnImage {
  private static final int CACHE_PAGES = 8;

  @Override
  MountOptions options() throws IOException {
    return MountOptions.parse("oldalloc,noatime,noreservation");
  }

  @Override
  Instrumentation instrumentation() {
    return image.instrumentation().withCachePages(CACHE_PAGES);
  }

  /** A byte of the file as the medium has it. */
  private byte onMedium(OpenFile file, long position) throws IOException {
    Extent extent =
        file.fiemap().stream()
            .filter(each ->
                each.logicalBytes() <= position
                    && position < each.logicalBytes() + each.lengthBytes())
            .findFirst()
            .orElseThrow();
    return image
        .region()
        .segment()
        .get(ValueLayout.JAVA_BYTE, extent.physicalBytes() + position - extent.logicalBytes());
  }

  private byte[] all(OpenFile file) throws IOException {
    byte[] bytes = new byte[(int) file.stat().size()];
    assertThat(file.pread(0, bytes)).isEqualTo(bytes.length);
    return bytes;
  }

  @Test
  void aWriteHasItsBlockAtOnceAndReachesItWithFsync() throws Exception {
    f.pwrite(0, bytes(100, 7));
    assertThat(f.stat().blocks512()).isEqualTo(8);
    assertThat(onMedium(f, 0)).isNotEqualTo((byte) 7);
    assertThat(read(f, 99)).isEqualTo((byte) 7);
    f.fsync();
    assertThat(onMedium(f, 99)).isEqualTo((byte) 7);
    assertThat(onMedium(f, 100)).isZero();
  }

  @Test
  void synchronousWritesReachTheMediumAtOnce() throws Exception {
    try (OpenFile sync = fs.open("/s", O_RDWR_CREAT | 010000, 0644)) {
      sync.pwrite(P, bytes(10, 3));
      assertThat(onMedium(sync, P + 9)).isEqualTo((byte) 3);
    }
  }

  @Test
  void syncAndUnmountWriteAllFiles() throws Exception {
    byte[] second = bytes(20, 5);
    f.pwrite(0, bytes(3 * P, 4));
    fs.sync();
    assertThat(onMedium(f, 3 * P - 1)).isEqualTo((byte) 4);
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
      g.pwrite(0, second);
    }
    f.close();
    fs.unmount();
    Path dumped = image.directory.resolve("dumped");
    image.debugfs("dump /g " + dumped);
    assertThat(Files.readAllBytes(dumped)).isEqualTo(second);
    Files.delete(dumped);
    fs = Ext2FileSystem.mount(image.region(), options(), instrumentation());
    f = fs.open("/f", 2, 0);
    assertThat(all(f)).isEqualTo(bytes(3 * P, 4));
  }

  @Test
  void aStoreIntoAHoleGetsItsBlockWhenItIsWrittenBack() throws Exception {
    f.truncate(4 * P);
    Vma m = shared(f, 4 * P);
    assertThat(load(m, 2 * P)).isZero();
    assertThat(page(m, 2)).isEqualTo("page");
    assertThat(mm.mincore(m, 0, 4 * P)).containsExactly(false, false, true, false);
    mm.madvise(m, 0, 4 * P, 4);
    assertThat(page(m, 2)).isEqualTo("none");
    assertThat(mm.mincore(m, 0, 4 * P)).containsExactly(false, false, true, false);
    store(m, 2 * P, 9);
    store(m, 0, 8);
    assertThat(f.stat().blocks512()).isZero();
    assertThat(read(f, 2 * P)).isEqualTo((byte) 9);
    f.fsync();
    assertThat(f.stat().blocks512()).isEqualTo(16);
    Extent first = f.fiemap().getFirst();
    assertThat(first.logicalBytes()).isZero();
    assertThat(f.fiemap().get(1).physicalBytes()).isEqualTo(first.physicalBytes() + P);
    assertThat(onMedium(f, 2 * P)).isEqualTo((byte) 9);
    assertThat(events()).isEmpty();
  }

  @Test
  void mappingsAndCallsSeeOnePage() throws Exception {
    f.pwrite(0, bytes(P, 1));
    Vma shared = shared(f, P);
    Vma copy = map(mm, f, P, AddressSpace.MAP_PRIVATE);
    assertThat(load(copy, 5)).isEqualTo((byte) 1);
    store(shared, 5, 2);
    assertThat(read(f, 5)).isEqualTo((byte) 2);
    assertThat(load(copy, 5)).isEqualTo((byte) 2);
    store(copy, 5, 3);
    f.pwrite(5, bytes(1, 4));
    assertThat(load(shared, 5)).isEqualTo((byte) 4);
    assertThat(load(copy, 5)).isEqualTo((byte) 3);
    assertThat(f.pwrite(100, mm.buffer(shared, 0, 10))).isEqualTo(10);
    assertThat(read(f, 105)).isEqualTo((byte) 4);
  }

  @Test
  void aStoreAfterWritingBackIsNoticed() throws Exception {
    f.pwrite(0, bytes(P, 1));
    Vma m = shared(f, P);
    store(m, 0, 2);
    image.clock.addAndGet(10);
    store(m, 1, 3);
    long mtime = f.stat().mtime();
    mm.msync(m, 0, P, AddressSpace.MS_SYNC);
    assertThat(onMedium(f, 1)).isEqualTo((byte) 3);
    store(m, 2, 4);
    assertThat(f.stat().mtime()).isEqualTo(mtime + 10);
    f.fsync();
    assertThat(onMedium(f, 2)).isEqualTo((byte) 4);
  }

  @Test
  void accessesPastTheEndAreSignals() throws Exception {
    f.pwrite(0, bytes(P + 10, 1));
    Vma m = shared(f, 4 * P);
    assertThat(load(m, 2 * P - 1)).isZero();
    assertBusError(m, 2 * P, () -> load(m, 2 * P));
    store(m, P + 20, 6);
    f.truncate(10);
    assertBusError(m, P, () -> store(m, P, 1));
    f.truncate(2 * P);
    assertThat(load(m, P + 20)).isZero();
    assertThat(read(f, 11)).isZero();
  }

  @Test
  void aStorePastTheSizeIsSeenWhenTheFileGrowsUnlessItWasWrittenBack() throws Exception {
    f.pwrite(0, bytes(100, 1));
    Vma m = shared(f, P);
    store(m, 200, 2);
    f.truncate(300);
    assertThat(read(f, 200)).isEqualTo((byte) 2);
    store(m, 400, 3);
    f.fsync();
    f.truncate(500);
    assertThat(read(f, 400)).isZero();
  }

  @Test
  void aFullFileSystemFailsFsyncAndNotTheStore() throws Exception {
    f.truncate(2 * P);
    try (OpenFile filler = fs.open("/filler", O_RDWR_CREAT, 0644);
        OpenFile again = fs.open("/f", 2, 0)) {
      byte[] piece = bytes(1 << 20, 1);
      long at = 0;
      try {
        while (true) {
          at += filler.pwrite(at, piece);
        }
      } catch (Ext2Exception e) {
        assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
      }
      Vma m = shared(f, 2 * P);
      store(m, 0, 7);
      assertThat(read(f, 0)).isEqualTo((byte) 7);
      assertErrno(Errno.ENOSPC, f::fsync);
      f.fsync();
      assertErrno(Errno.ENOSPC, again::fdatasync);
      again.fsync();
      fs.sync();
      assertThat(f.stat().blocks512()).isZero();
      assertErrno(Errno.ENOSPC, () -> f.pwrite(0, bytes(10, 1)));
      filler.truncate(0);
      store(m, 1, 8);
      f.fsync();
      assertThat(onMedium(f, 1)).isEqualTo((byte) 8);
    }
    fs.unlink("/filler");
  }

  @Test
  void advicePutsThePagesOfTheFileIntoMemoryAndNoOthers() throws Exception {
    f.pwrite(0, bytes(3 * P + 1, 1));
    f.close();
    fs.unmount();
    fs = Ext2FileSystem.mount(image.region(), options(), instrumentation());
    mm = fs.newAddressSpace();
    f = fs.open("/f", 2, 0);
    Vma m = shared(f, 8 * P);
    mm.madvise(m, P, 6 * P, 3);
    assertThat(mm.mincore(m, 0, 8 * P))
        .containsExactly(false, true, true, true, false, false, false, false);
  }

  @Test
  void syncfsTellsEachOpenFileOnceOfDataThatFoundNoSpace() throws Exception {
    f.truncate(P);
    Vma m = shared(f, P);
    try (OpenFile filler = fs.open("/filler", O_RDWR_CREAT, 0644);
        OpenFile other = fs.open("/other", O_RDWR_CREAT, 0644)) {
      byte[] piece = bytes(1 << 20, 1);
      assertErrno(
          Errno.ENOSPC,
          () -> {
            for (long at = 0; ; at += filler.pwrite(at, piece)) {}
          });
      store(m, 0, 7);
      fs.sync();
      assertErrno(Errno.ENOSPC, other::checkFileSystem);
      other.checkFileSystem();
      assertErrno(Errno.ENOSPC, filler::checkFileSystem);
      filler.truncate(0);
    }
    fs.unlink("/filler");
    fs.unlink("/other");
  }

  @Test
  void anUnlinkedFileLosesItsDirtyPages() throws Exception {
    OpenFile gone = fs.open("/gone", O_RDWR_CREAT, 0644);
    gone.pwrite(0, bytes(2 * P, 1));
    fs.unlink("/gone");
    assertThat(read(gone, P)).isEqualTo((byte) 1);
    gone.close();
    f.pwrite(0, bytes(2 * P, 2));
    f.fsync();
    assertThat(onMedium(f, P)).isEqualTo((byte) 2);
  }

  @Test
  void memoryOfThisProcessShowsFilesOfDaxMountsOnly() throws Exception {
    f.pwrite(0, bytes(P, 1));
    try (Arena arena = Arena.ofConfined()) {
      assertErrno(Errno.EOPNOTSUPP, () -> f.map(MapMode.READ_ONLY, 0, P, arena));
    }
  }
}
