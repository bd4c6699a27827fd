// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.mm.Vma;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The places and shapes of new blocks, by the rules of 5.10 without reservation windows. */
class AllocationTest extends OnImage {
  /** One group of 32768 blocks, divided by 16 colours, and the pid of the fixture. */
  private static final long COLOUR = ImageFixture.PID * (32768 / 16);

  private List<Long> blocks(OpenFile file, long... fileBlocks) throws Exception {
    List<Long> found = new ArrayList<>();
    for (long fileBlock : fileBlocks) {
      for (Extent extent : file.fiemap()) {
        long into = fileBlock * P - extent.logicalBytes();
        if (into >= 0 && into < extent.lengthBytes()) {
          found.add((extent.physicalBytes() + into) / P);
        }
      }
    }
    return found;
  }

  @Test
  void twentyBlocksAreTwelveThenTheIndirectBlockThenEight() throws Exception {
    f.pwrite(0, bytes(20 * P, 1));
    assertThat(f.fiemap())
        .containsExactly(
            new Extent(0, COLOUR * P, 12 * P, Extent.MERGED),
            new Extent(12 * P, (COLOUR + 13) * P, 8 * P, Extent.MERGED | Extent.LAST));
    assertThat(f.stat().blocks512()).isEqualTo(21 * 8);
  }

  @Test
  void theGoalIsTheNearestBlockToTheLeft() throws Exception {
    f.truncate(40 * P);
    Vma m = shared(f, 40 * P);
    long[] order = {5, 4, 3, 20, 19, 0, 13, 12, 39};
    for (long index : order) {
      store(m, index * P, 1);
    }
    // Block 20 brings the indirect block with it, which takes the place before it.
    assertThat(blocks(f, order))
        .containsExactly(
            COLOUR,
            COLOUR + 1,
            COLOUR + 2,
            COLOUR + 4,
            COLOUR + 5,
            COLOUR + 6,
            COLOUR + 7,
            COLOUR + 8,
            COLOUR + 9);
  }

  @Test
  void doubleAndTripleIndirectBlocksAreCountedAndFreed() throws Exception {
    long doubleIndirect = (12 + 1024L) * P;
    long tripleIndirect = (12 + 1024L + 1024L * 1024L) * P;
    f.pwrite(doubleIndirect, bytes(10, 1));
    assertThat(f.stat().blocks512()).isEqualTo(3 * 8);
    f.pwrite(tripleIndirect, bytes(10, 2));
    assertThat(f.stat().blocks512()).isEqualTo(7 * 8);
    assertThat(read(f, doubleIndirect)).isEqualTo((byte) 1);
    assertThat(read(f, tripleIndirect)).isEqualTo((byte) 2);
    f.truncate(tripleIndirect);
    assertThat(f.stat().blocks512()).isEqualTo(3 * 8);
    f.truncate(doubleIndirect + 10);
    assertThat(f.stat().blocks512()).isEqualTo(3 * 8);
    f.truncate(doubleIndirect);
    assertThat(f.stat().blocks512()).isZero();
  }

  @Test
  void truncationInsideAnIndirectBlockKeepsItsLeftPart() throws Exception {
    f.pwrite(0, bytes(40 * P, 1));
    f.truncate(14 * P + 5);
    assertThat(f.stat().blocks512()).isEqualTo(16 * 8);
    f.truncate(12 * P);
    assertThat(f.stat().blocks512()).isEqualTo(12 * 8);
    f.truncate(3 * P);
    assertThat(f.stat().blocks512()).isEqualTo(3 * 8);
  }

  @Test
  void aFullFileSystemSaysSoAndRecovers() throws Exception {
    f.truncate(2 * P);
    Vma m = shared(f, 2 * P);
    assertThat(load(m, 0)).isZero();
    try (OpenFile filler = fs.open("/filler", O_RDWR_CREAT, 0644)) {
      long size = 0;
      byte[] chunk = bytes(1 << 20, 7);
      while (true) {
        long written;
        try {
          written = filler.pwrite(size, chunk);
        } catch (Ext2Exception e) {
          assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
          break;
        }
        size += written;
      }
      assertThat(filler.stat().size()).isEqualTo(size);
      image.clock.addAndGet(2);
      assertBusError(m, 0, () -> store(m, 0, 1));
      assertThat(f.stat().mtime()).isEqualTo(ImageFixture.BASE_SECOND + 2);
      assertThat(page(m, 0)).isEqualTo("zero");
      assertThat(load(m, 0)).isZero();
      assertErrno(Errno.ENOSPC, () -> f.pwrite(0, bytes(1, 1)));
      assertThat(f.stat().size()).isEqualTo(2 * P);
      assertThat(f.stat().blocks512()).isZero();
      filler.truncate(0);
    }
    store(m, 0, 1);
    assertThat(load(m, 0)).isEqualTo((byte) 1);
  }

  @Test
  void aBlockThatChangesHandsShowsNothingOfItsPast() throws Exception {
    f.pwrite(0, bytes(P, 0x55));
    Vma m = shared(f, P);
    assertThat(load(m, 0)).isEqualTo((byte) 0x55);
    long block = f.fiemap().getFirst().physicalBytes();
    f.truncate(0);
    try (OpenFile g = fs.open("/g", O_RDWR_CREAT, 0644)) {
      g.pwrite(0, new byte[] {1});
      assertThat(g.fiemap().getFirst().physicalBytes()).isEqualTo(block);
      assertThat(read(g, 0)).isEqualTo((byte) 1);
      g.truncate(P);
      assertThat(read(g, 1)).isZero();
      assertBusError(m, 0, () -> store(m, 0, 1));
    }
  }

  @Test
  void freedInodeNumbersAreUsedAgainLowestFirst() throws Exception {
    fs.open("/a", O_RDWR_CREAT, 0644).close();
    fs.open("/b", O_RDWR_CREAT, 0644).close();
    int first;
    try (OpenFile a = fs.open("/a", 2, 0)) {
      first = a.stat().ino();
    }
    fs.unlink("/a");
    fs.unlink("/b");
    try (OpenFile c = fs.open("/c", O_RDWR_CREAT, 0644)) {
      assertThat(c.stat().ino()).isEqualTo(first);
      assertThat(c.stat().generation()).isEqualTo(ImageFixture.GENERATION_BASE + 3);
    }
  }

  @Test
  void extentsSayLastOnlyWhenTheyReachTheEnd() throws Exception {
    f.pwrite(0, bytes(P, 1));
    f.truncate(3 * P);
    assertThat(f.fiemap()).singleElement().extracting(Extent::flags).isEqualTo(Extent.MERGED);
    f.truncate(2 * P);
    assertThat(f.fiemap())
        .singleElement()
        .extracting(Extent::flags)
        .isEqualTo(Extent.MERGED | Extent.LAST);
    f.truncate(0);
    assertThat(f.fiemap()).isEmpty();
    f.pwrite(0, bytes(3 * P + 1, 1));
    assertThat(f.fiemap()).extracting(Extent::lengthBytes).containsExactly(3L * P, (long) P);
  }
}
