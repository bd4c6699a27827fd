// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.MountFlag;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.layout.Superblock;

/** Counts for statfs(2): {@code ext2_statfs}. */
final class StatFs {
  /** A bitmap of blocks and one of inodes. */
  private static final int BITMAPS = 2;

  private StatFs() {}

  /** Returns the use of a volume; the caller holds {@code s_lock}. */
  static FileSystemUse of(Volume volume, Superblock superblock) {
    Geometry geometry = volume.geometry();
    boolean counted = !volume.options().has(MountFlag.MINIX_DF);
    long overhead = counted ? geometry.firstDataBlock() : 0;
    long freeBlocks = 0;
    long freeInodes = 0;
    for (int group = 0; group < geometry.groupsCount(); group++) {
      if (counted && Geometry.hasSuperblock(superblock, group)) {
        overhead += 1 + geometry.descriptorBlocks();
      }
      overhead += counted ? BITMAPS + geometry.inodeTableBlocks() : 0;
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
}
