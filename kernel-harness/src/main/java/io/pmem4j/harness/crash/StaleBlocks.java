// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.harness.image.DescriptorOffsets;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageContent;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.function.IntPredicate;

/**
 * Fills the free blocks of a new image, as those of a file system that has been used are. In blocks
 * of zeros a store of zeros changes nothing, so that no crash could lose it: neither the zeros of a
 * new block nor the empty rest of a block of pointers or names.
 */
public final class StaleBlocks {
  /** The byte that free blocks have; as a pointer, a number of an inode or a length it is wrong. */
  static final byte STALE = (byte) 0xa5;

  private StaleBlocks() {}

  /**
   * Fills free blocks of an image that is not mounted.
   *
   * @param fsBytes of its file system
   * @param pages chooses pages of 4 KiB by their number; their free blocks are filled
   * @throws IOException if the image cannot be mapped or holds no ext2
   */
  public static void fill(FsImage image, long fsBytes, IntPredicate pages) throws IOException {
    MapSpec spec = MapSpec.existing().slice(FsImage.OFFSET_BYTES, fsBytes);
    try (Arena arena = Arena.ofConfined()) {
      fill(Pmem.map(image.path(), spec, arena), pages);
    }
  }

  /**
   * Fills free blocks.
   *
   * @param memory the file system, which is not mounted
   * @param pages chooses pages of 4 KiB by their number; their free blocks are filled
   * @throws Ext2Exception EINVAL if the superblock cannot be mounted
   */
  public static void fill(PersistentMemory memory, IntPredicate pages) throws Ext2Exception {
    Superblock superblock = new Superblock(memory, Superblock.PRIMARY_OFFSET);
    Geometry geometry = Geometry.validated(superblock, memory.byteSize());
    DescriptorOffsets descriptors = new DescriptorOffsets(memory::getInt);
    for (int group = 0; group < geometry.groupsCount(); group++) {
      long first = geometry.groupFirstBlock(group);
      long end = Math.min(first + geometry.blocksPerGroup(), geometry.blocksCount());
      long bitmap =
          geometry.offsetOf(new GroupDescriptor(memory, descriptors.of(group)).blockBitmap());
      for (long block = first; block < end; block++) {
        long bit = block - first;
        boolean free = (memory.getByte(bitmap + (bit >> 3)) >> (bit & 7) & 1) == 0;
        long offset = geometry.offsetOf(block);
        if (free && pages.test((int) (offset / ImageContent.PAGE_BYTES))) {
          memory.fill(offset, geometry.blockBytes(), STALE);
        }
      }
    }
  }
}
