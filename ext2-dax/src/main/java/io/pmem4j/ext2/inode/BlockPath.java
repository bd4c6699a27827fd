// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.volume.Geometry;
import org.jspecify.annotations.Nullable;

/**
 * The way from the inode to a block of the file: an offset in each array of pointers, the inode's
 * own first. Length 1 for a direct block, 4 through the triple indirect one.
 *
 * @param offsets index of the pointer in each array
 * @param toBoundary how many pointers follow the last one in its array
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record BlockPath(int[] offsets, int toBoundary) {
  /** Direct pointers in an inode. */
  static final int DIRECT_BLOCKS = 12;

  /** Index of the pointer to the indirect block; the double and triple ones follow. */
  static final int INDIRECT = 12;

  private static final int PER_BLOCK = Geometry.ADDR_PER_BLOCK;

  /** {@code ext2_block_to_path}; null if no path can reach the block. */
  static @Nullable BlockPath of(long fileBlock) {
    if (fileBlock < 0) {
      return null;
    }
    if (fileBlock < DIRECT_BLOCKS) {
      return new BlockPath(new int[] {(int) fileBlock}, DIRECT_BLOCKS - 1 - (int) fileBlock);
    }
    long rest = fileBlock - DIRECT_BLOCKS;
    long capacity = PER_BLOCK;
    for (int levels = 1; levels <= 3; levels++) {
      if (rest < capacity) {
        int[] offsets = new int[levels + 1];
        offsets[0] = INDIRECT + levels - 1;
        long remainder = rest;
        for (int level = levels; level >= 1; level--) {
          offsets[level] = (int) (remainder % PER_BLOCK);
          remainder /= PER_BLOCK;
        }
        return new BlockPath(offsets, PER_BLOCK - 1 - offsets[levels]);
      }
      rest -= capacity;
      capacity *= PER_BLOCK;
    }
    return null;
  }

  int depth() {
    return offsets.length;
  }
}
