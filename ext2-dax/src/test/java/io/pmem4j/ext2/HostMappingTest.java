// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.ext2.mm.Vma;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files as real memory: one segment, coherent with everything else, and gone when truncated. */
@Timeout(120)
class HostMappingTest extends OnImage {
  private static final long HUGE = 2L << 20;

  private static byte at(MemorySegment segment, long offset) {
    return segment.get(ValueLayout.JAVA_BYTE, offset);
  }

  private static void put(MemorySegment segment, long offset, int value) {
    segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
  }

  /** Two files that take turns at the blocks; each page holds its number. */
  private OpenFile fragmented(int pages) throws IOException {
    try (OpenFile other = fs.open("/other", O_RDWR_CREAT, 0644)) {
      for (int i = 0; i < pages; i++) {
        f.pwrite((long) i * P, bytes(P, i % 100 + 1));
        other.pwrite((long) i * P, bytes(P, 0x7e));
      }
    }
    assertThat(f.fiemap().size()).isGreaterThan(pages / 2);
    return f;
  }

  @Test
  void aFragmentedFileIsOneSegment() throws Exception {
    int pages = 300;
    OpenFile file = fragmented(pages);
    for (MapMode mode : new MapMode[] {MapMode.READ_ONLY, MapMode.READ_WRITE, MapMode.PRIVATE}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment all = file.map(mode, 0, (long) pages * P, arena).segment();
        for (int i = 0; i < pages; i++) {
          assertThat(all.asSlice((long) i * P, P).toArray(ValueLayout.JAVA_BYTE))
              .isEqualTo(bytes(P, i % 100 + 1));
        }
        MemorySegment part = file.map(mode, 100 * P, 10, arena).segment();
        assertThat(part.byteSize()).isEqualTo(10);
        assertThat(at(part, 9)).isEqualTo((byte) 1);
      }
    }
  }

  @Test
  void whoStoresAnywhereIsSeenEverywhere() throws Exception {
    OpenFile file = fragmented(20);
    Vma simulated = shared(file, 20 * P);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment one = file.map(MapMode.READ_WRITE, 0, 20 * P, arena).segment();
      MemorySegment two = file.map(MapMode.READ_ONLY, 4 * P, 16 * P, arena).segment();
      put(one, 5 * P + 7, 0x41);
      assertThat(at(two, P + 7)).isEqualTo((byte) 0x41);
      assertThat(read(file, 5 * P + 7)).isEqualTo((byte) 0x41);
      assertThat(load(simulated, 5 * P + 7)).isEqualTo((byte) 0x41);
      store(simulated, 6 * P, 0x42);
      assertThat(at(one, 6 * P)).isEqualTo((byte) 0x42);
      file.pwrite(7 * P - 1, bytes(2, 0x43));
      assertThat(at(one, 7 * P - 1)).isEqualTo((byte) 0x43);
      assertThat(at(two, 3 * P)).isEqualTo((byte) 0x43);
    }
  }

  @Test
  void privateStoresStayPrivate() throws Exception {
    OpenFile file = fragmented(4);
    file.truncate(8 * P);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment own = file.map(MapMode.PRIVATE, 0, 8 * P, arena).segment();
      file.pwrite(P, bytes(1, 0x51));
      assertThat(at(own, P)).isEqualTo((byte) 0x51);
      put(own, 0, 0x52);
      put(own, 6 * P, 0x53);
      assertThat(read(file, 0)).isEqualTo((byte) 1);
      file.pwrite(0, bytes(1, 0x54));
      file.pwrite(6 * P, bytes(P, 0x55));
      file.pwrite(7 * P, bytes(P, 0x56));
      assertThat(at(own, 0)).isEqualTo((byte) 0x52);
      assertThat(at(own, 6 * P)).isEqualTo((byte) 0x53);
      file.truncate(P);
      assertGone(own, P);
      assertGone(own, 6 * P);
      assertThat(at(own, 0)).isEqualTo((byte) 0x52);
    }
  }

  /** The error comes at some point after the access: a checked copy waits for it. */
  private static void assertGone(MemorySegment segment, long offset) {
    assertThatExceptionOfType(InternalError.class)
        .isThrownBy(() -> {
          byte[] target = new byte[1];
          MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, target, 0, 1);
          Thread.yield();
        });
  }

  @Test
  void holesShowZerosUntilTheyAreFilled() throws Exception {
    long size = 1L << 30;
    f.truncate(size);
    for (long position = 0; position < size; position += size / 16) {
      f.pwrite(position, bytes(1, 0x61));
    }
    Vma simulated = shared(f, size);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = f.map(MapMode.READ_ONLY, 0, size, arena).segment();
      assertThat(all.byteSize()).isEqualTo(size);
      for (long position = 0; position < size; position += size / 64) {
        boolean stored = position % (size / 16) == 0;
        assertThat(at(all, position)).isEqualTo((byte) (stored ? 0x61 : 0));
      }
      f.pwrite(size / 3, bytes(1, 0x62));
      assertThat(at(all, size / 3)).isEqualTo((byte) 0x62);
      assertThat(at(all, size / 3 + 1)).isZero();
      store(simulated, size / 5, 0x63);
      assertThat(at(all, size / 5)).isEqualTo((byte) 0x63);
      store(simulated, size / 5, 0x64);
      assertThat(at(all, size / 5)).isEqualTo((byte) 0x64);
    }
  }

  @Test
  void whatIsTruncatedIsGoneAndNothingElse() throws Exception {
    OpenFile file = fragmented(30);
    try (Arena arena = Arena.ofShared()) {
      FileMapping mapping = file.map(MapMode.READ_WRITE, 0, 40 * P, arena);
      MemorySegment all = mapping.segment();
      assertGone(all, 30 * P);
      file.truncate(10 * P + 5);
      for (int page = 11; page < 40; page++) {
        assertGone(all, (long) page * P);
      }
      assertErrno(Errno.EIO, () -> mapping.read(11 * P, new byte[8]));
      assertErrno(Errno.EIO, () -> mapping.persist(11 * P - 1, 2));
      byte[] tail = new byte[P];
      mapping.read(10 * P, tail);
      byte[] expected = new byte[P];
      Arrays.fill(expected, 0, 5, (byte) 11);
      assertThat(tail).isEqualTo(expected);
      // Other bytes live in the blocks now.
      try (OpenFile thief = fs.open("/thief", O_RDWR_CREAT, 0644)) {
        thief.pwrite(0, bytes(30 * P, 0x55));
      }
      assertGone(all, 11 * P);
      file.truncate(20 * P);
      for (int page = 11; page < 20; page++) {
        mapping.read((long) page * P, tail);
        assertThat(tail).isEqualTo(new byte[P]);
      }
      assertGone(all, 20 * P);
      put(all, 19 * P, 0x56);
      assertThat(read(file, 19 * P)).isEqualTo((byte) 0x56);
      file.pwrite(24 * P, bytes(1, 0x57));
      assertThat(at(all, 24 * P)).isEqualTo((byte) 0x57);
      put(all, 22 * P, 0x58);
      assertThat(read(file, 22 * P)).isEqualTo((byte) 0x58);
    }
  }

  @Test
  void aMappingWithoutRoomIsRefusedWhole() throws Exception {
    f.truncate(128L << 20);
    try (Arena arena = Arena.ofShared()) {
      assertErrno(Errno.ENOSPC, () -> f.map(MapMode.READ_WRITE, 0, 128L << 20, arena));
      f.truncate(0);
      f.truncate(P);
      put(f.map(MapMode.READ_WRITE, 0, P, arena).segment(), 0, 1);
      assertThat(read(f, 0)).isEqualTo((byte) 1);
    }
  }

  /** A page that cannot be had does not hide the block of the next one. */
  @Test
  void aFullDiskHidesNoBlockBehindTheHole() throws Exception {
    try (Arena arena = Arena.ofShared();
        OpenFile filler = fs.open("/filler", O_RDWR_CREAT, 0644)) {
      f.truncate(P);
      MemorySegment all = f.map(MapMode.READ_WRITE, 0, 4 * P, arena).segment();
      byte[] much = bytes(64 * P, 0x66);
      long position = 0;
      try {
        while (true) {
          position += filler.pwrite(position, much);
        }
      } catch (Ext2Exception full) {
        assertThat(full.errno()).isEqualTo(Errno.ENOSPC);
      }
      filler.truncate(position - P);
      // Its one block goes to page 2; page 1 is a hole, and there is none left for it.
      f.pwrite(2 * P, bytes(1, 0x44));
      assertThat(at(all, 2 * P)).isEqualTo((byte) 0x44);
    }
  }

  @Test
  void unlinkedAndClosedFilesStayUntilTheArenaIsClosed() throws Exception {
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
      g.pwrite(0, bytes(3 * P, 0x31));
      MemorySegment all;
      try (Arena arena = Arena.ofShared()) {
        all = g.map(MapMode.READ_WRITE, 0, 3 * P, arena).segment();
        fs.unlink("/g");
        g.close();
        assertErrno(Errno.EBADF, () -> g.map(MapMode.READ_ONLY, 0, P, arena));
        f.pwrite(0, bytes(20 * P, 0x32));
        assertThat(at(all, 2 * P)).isEqualTo((byte) 0x31);
        put(all, 2 * P, 0x33);
        assertThat(at(all, 2 * P)).isEqualTo((byte) 0x33);
      }
      assertThatThrownBy(() -> at(all, 0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void storesAreDurableByPersistAndByEachFsync() throws Exception {
    f.truncate(4 * P);
    try (Arena arena = Arena.ofShared()) {
      FileMapping mapping = f.map(MapMode.READ_WRITE, 0, 4 * P, arena);
      put(mapping.segment(), P, 1);
      mapping.persist(P - 1, 2);
      f.fsync();
      fs.trace().drain();
      put(mapping.segment(), 2 * P, 1);
      f.fsync();
      assertThat(events()).anyMatch(event -> event.startsWith("dax_writeback_one"));
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> mapping.persist(4 * P, 1));
      FileMapping loads = f.map(MapMode.READ_ONLY, 0, P, arena);
      assertThat(loads.segment().isReadOnly()).isTrue();
      assertThatThrownBy(() -> loads.persist(0, 1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void addressesAreCongruentWhereBlocksLieInOnePiece() throws Exception {
    f.pwrite(0, bytes(P, 1));
    f.pwrite(P, bytes(8 << 20, 2));
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = f.map(MapMode.READ_WRITE, 0, 8 << 20, arena).segment();
      Extent extent =
          f.fiemap().stream().filter(each -> each.lengthBytes() >= HUGE).findFirst().orElseThrow();
      assertThat((all.address() + extent.logicalBytes()) % HUGE)
          .isEqualTo((ImageFixture.OFFSET + extent.physicalBytes()) % HUGE);
    }
  }

  @Test
  void whatCannotBeMappedIsSaid() throws Exception {
    f.pwrite(0, bytes(P, 1));
    try (Arena arena = Arena.ofShared();
        OpenFile loads = fs.open("/f", 0, 0)) {
      assertErrno(Errno.EACCES, () -> loads.map(MapMode.READ_WRITE, 0, P, arena));
      assertErrno(Errno.EINVAL, () -> f.map(MapMode.READ_ONLY, 1, P, arena));
      assertErrno(Errno.EINVAL, () -> f.map(MapMode.READ_ONLY, 0, 0, arena));
      assertErrno(Errno.EINVAL, () -> f.map(MapMode.READ_ONLY, -P, P, arena));
      put(loads.map(MapMode.PRIVATE, 0, P, arena).segment(), 0, 9);
      assertThat(read(f, 0)).isEqualTo((byte) 1);
    }
    Arena closed;
    try (Arena arena = Arena.ofShared()) {
      closed = arena;
    }
    assertThatThrownBy(() -> f.map(MapMode.READ_ONLY, 0, P, closed))
        .isInstanceOf(IllegalStateException.class);
  }
}
