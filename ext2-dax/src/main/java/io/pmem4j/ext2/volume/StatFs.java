// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.Superblock;

/** Counts for statfs(2): {@code ext2_statfs}. Guarded by {@code s_lock}. */
final class StatFs {
  /** A bitmap of blocks and one of inodes. */
  private static final int BITMAPS = 2;

  /** {@code s_overhead_last}: blocks of the structures. */
  private long overhead;

  /** {@code s_blocks_last}: the overhead was counted for that many blocks; 0 before. */
  private long countedFor;

  /** Returns the use of a volume; the caller holds {@code s_lock}. */
  FileSystemUse of(Volume volume, Superblock superblock) {
    Geometry geometry = volume.geometry();
    // As in Linux, where a count is not made anew when minixdf has set it to 0 after it was made.
    if (volume.options().has(MountFlag.MINIX_DF)) {
      overhead = 0;
    } else if (countedFor != geometry.blocksCount()) {
      overhead = overhead(geometry, superblock);
      countedFor = geometry.blocksCount();
    }
    long freeBlocks = 0;
    long freeInodes = 0;
    for (int group = 0; group < geometry.groupsCount(); group++) {
      freeBlocks += volume.descriptor(group).freeBlocksCount();
      freeInodes += volume.descriptor(group).freeInodesCount();
    }
    return new FileSystemUse(
        geometry.blockBytes(),
        geometry.blocksCount() - overhead,
        freeBlocks,
        Math.max(0, freeBlocks - superblock.reservedBlocksCount()),
        geometry.inodesCount(),
        freeInodes,
        DirEntry.MAX_NAME_BYTES);
  }

  private static long overhead(Geometry geometry, Superblock superblock) {
    long blocks = geometry.firstDataBlock();
    for (int group = 0; group < geometry.groupsCount(); group++) {
      if (Geometry.hasSuperblock(superblock, group)) {
        blocks += 1 + geometry.descriptorBlocks();
      }
      blocks += BITMAPS + geometry.inodeTableBlocks();
    }
    return blocks;
  }
}
