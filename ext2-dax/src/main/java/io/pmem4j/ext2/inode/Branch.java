// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

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
  /** The last level that was reached. */
  int last() {
    return keys.length - 1;
  }

  /** The block number at the last level, unsigned. */
  long lastBlock() {
    return Integer.toUnsignedLong(keys[last()]);
  }
}
