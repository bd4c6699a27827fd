// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.volume.Volume;
import java.util.Arrays;

/**
 * A walk down the block tree: for each level the array, the place in it, and the pointer that was
 * found there. It ends at the data block or at the first pointer that leads nowhere: {@code
 * ext2_get_branch}.
 *
 * @param arrays the arrays of pointers, the inode's first
 * @param indexes the place in each array
 * @param keys the pointers as they were read
 * @param complete whether the walk reached a data block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record Branch(PointerArray[] arrays, int[] indexes, int[] keys, boolean complete) {
  /**
   * {@code ext2_get_branch} for a caller that takes its error for an end: the last key is zero, or
   * leads to a block of pointers that cannot be read.
   *
   * @param levels how many levels of the path at most
   */
  static Branch walk(Ext2Inode inode, BlockPath path, int levels) {
    Volume volume = inode.volume();
    PointerArray[] arrays = new PointerArray[levels];
    int[] keys = new int[levels];
    PointerArray array = new PointerArray.InInode(inode);
    for (int level = 0; level < levels; level++) {
      arrays[level] = array;
      keys[level] = array.get(path.offsets()[level]);
      long block = Integer.toUnsignedLong(keys[level]);
      boolean leadsOn = level + 1 < levels;
      if (block == 0 || (leadsOn && block >= volume.geometry().blocksCount())) {
        int reached = level + 1;
        return new Branch(
            Arrays.copyOf(arrays, reached),
            Arrays.copyOf(path.offsets(), reached),
            Arrays.copyOf(keys, reached),
            false);
      }
      if (leadsOn) {
        array = new PointerArray.InBlock(volume, block);
      }
    }
    return new Branch(arrays, Arrays.copyOf(path.offsets(), levels), keys, true);
  }

  /** The last level that was reached. */
  int last() {
    return keys.length - 1;
  }

  /** The block number at the last level, unsigned. */
  long lastBlock() {
    return Integer.toUnsignedLong(keys[last()]);
  }
}
