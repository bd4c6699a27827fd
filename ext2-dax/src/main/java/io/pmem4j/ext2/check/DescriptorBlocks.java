// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Geometry;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The blocks that hold group descriptors. Without the feature meta_bg all of them follow each copy
 * of the superblock. With it a meta block group is as many groups as a block has descriptors, and
 * its block lies in its first, second and last group. Blocks before {@code s_first_meta_bg} lie as
 * without the feature.
 */
final class DescriptorBlocks {
  private final SuperblockFields superblock;
  private final Superblock structure;
  private final int perBlock;
  private final int blockBytes;

  /** The first block of descriptors that lies in its own groups. */
  private final long firstMeta;

  /** The places of the blocks that belong to this copy of the superblock. */
  private final long[] places;

  DescriptorBlocks(SuperblockFields superblock) {
    this.superblock = superblock;
    this.structure = new Superblock(superblock.memory(), superblock.offset());
    this.blockBytes = superblock.blockBytes();
    this.perBlock = superblock.descriptorsPerBlock();
    this.firstMeta =
        superblock.hasMetaGroups() ? superblock.get("s_first_meta_bg") : Long.MAX_VALUE;
    this.places = new long[(int) superblock.descriptorBlocks()];
    for (int i = 0; i < places.length; i++) {
      places[i] = place(i);
    }
  }

  /**
   * {@code ext2fs_descriptor_block_loc2}: the backup of a superblock goes with the backup in the
   * second group of a meta block group, if there is one.
   */
  private long place(int index) {
    if (index < firstMeta) {
      long own = superblock.isBackup() ? superblock.offset() / blockBytes : superblock.firstBlock();
      return own + 1 + index;
    }
    int group = index * perBlock;
    if (superblock.isBackup() && behindSuperblock(group + 1) < superblock.blocks()) {
      group++;
    }
    return behindSuperblock(group);
  }

  /** Returns the first block of a group, or the next one if the first has a superblock. */
  private long behindSuperblock(int group) {
    return superblock.groupFirst(group) + (Geometry.hasSuperblock(structure, group) ? 1 : 0);
  }

  /** Returns the block after the last one. */
  long end() {
    return Arrays.stream(places).max().orElse(0) + 1;
  }

  /** Returns the offset of a group's descriptor. */
  long offset(int group) {
    return places[group / perBlock] * blockBytes
        + (long) (group % perBlock) * GroupDescriptor.BYTES;
  }

  /** Returns the blocks of superblocks and descriptors, and those reserved for descriptors. */
  BitSet fixed() {
    BitSet blocks = new BitSet();
    for (int group = 0; group < superblock.groups(); group++) {
      long first = superblock.groupFirst(group);
      boolean copy = Geometry.hasSuperblock(structure, group);
      if (copy) {
        blocks.set((int) first);
      }
      if (group / perBlock >= firstMeta) {
        int inMeta = group % perBlock;
        if (inMeta <= 1 || inMeta == perBlock - 1) {
          blocks.set((int) behindSuperblock(group));
        }
      } else if (copy) {
        long end = Math.min(first + 1 + behindEachCopy(), superblock.blocks());
        blocks.set((int) first + 1, (int) end);
      }
    }
    return blocks;
  }

  private long behindEachCopy() {
    return superblock.hasMetaGroups()
        ? firstMeta
        : places.length + superblock.reservedDescriptorBlocks();
  }
}
