// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

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

  /**
   * Finds the way to a block: {@code ext2_block_to_path}.
   *
   * @param pointerBits pointers in an indirect block, as a power of two
   * @return null if no path can reach the block
   */
  static @Nullable BlockPath of(long fileBlock, int pointerBits) {
    if (fileBlock < 0) {
      return null;
    }
    if (fileBlock < DIRECT_BLOCKS) {
      return new BlockPath(new int[] {(int) fileBlock}, DIRECT_BLOCKS - 1 - (int) fileBlock);
    }
    long rest = fileBlock - DIRECT_BLOCKS;
    int last = (1 << pointerBits) - 1;
    long capacity = 1L << pointerBits;
    for (int levels = 1; levels <= 3; levels++) {
      if (rest < capacity) {
        int[] offsets = new int[levels + 1];
        offsets[0] = INDIRECT + levels - 1;
        long remainder = rest;
        for (int level = levels; level >= 1; level--) {
          offsets[level] = (int) remainder & last;
          remainder >>= pointerBits;
        }
        return new BlockPath(offsets, last - offsets[levels]);
      }
      rest -= capacity;
      capacity <<= pointerBits;
    }
    return null;
  }

  int depth() {
    return offsets.length;
  }
}
