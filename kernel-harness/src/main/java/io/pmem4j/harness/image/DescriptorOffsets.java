// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.util.function.LongToIntFunction;

/**
 * The offsets of group descriptors in a file system, by its superblock
 * (Documentation/filesystems/ext2.rst) and not through the model's layout.
 */
public final class DescriptorOffsets {
  /** Bytes of a descriptor. */
  public static final int BYTES = 32;

  private static final int SUPERBLOCK = 1024;
  private static final int INCOMPAT_META_BG = 0x10;
  private static final int RO_COMPAT_SPARSE_SUPER = 1;

  private final long firstBlock;
  private final int blockBytes;
  private final int blocksPerGroup;

  /** The first block of descriptors that lies in its own groups: meta_bg. */
  private final int firstMeta;

  /** Set if only some groups have a superblock. */
  private final boolean sparse;

  /**
   * Reads the superblock.
   *
   * @param word returns the little-endian int at an offset of the file system
   */
  public DescriptorOffsets(LongToIntFunction word) {
    firstBlock = word.applyAsInt(SUPERBLOCK + 20);
    blockBytes = 1024 << (word.applyAsInt(SUPERBLOCK + 24) & 7);
    blocksPerGroup = word.applyAsInt(SUPERBLOCK + 32);
    boolean meta = (word.applyAsInt(SUPERBLOCK + 96) & INCOMPAT_META_BG) != 0;
    sparse = (word.applyAsInt(SUPERBLOCK + 100) & RO_COMPAT_SPARSE_SUPER) != 0;
    firstMeta = meta ? word.applyAsInt(SUPERBLOCK + 260) : Integer.MAX_VALUE;
  }

  /** Returns the offset of a group's descriptor. */
  public long of(int group) {
    int perBlock = blockBytes / BYTES;
    int block = group / perBlock;
    if (block < firstMeta) {
      return (firstBlock + 1) * blockBytes + (long) group * BYTES;
    }
    int first = block * perBlock;
    long place = firstBlock + (long) first * blocksPerGroup + (hasSuperblock(first) ? 1 : 0);
    return place * blockBytes + (long) (group % perBlock) * BYTES;
  }

  private boolean hasSuperblock(int group) {
    return !sparse || group <= 1 || isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
  }

  private static boolean isPower(int number, int base) {
    int rest = number;
    while (rest % base == 0) {
      rest /= base;
    }
    return rest == 1;
  }
}
