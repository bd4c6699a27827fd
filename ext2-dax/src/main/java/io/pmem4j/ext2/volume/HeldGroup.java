// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.layout.GroupDescriptor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A group as the mount holds it. Where its bitmaps and its table lie was checked at mount and is
 * never read again: the kernel keeps the descriptors in buffers, which a store through a damaged
 * file's block pointer does not reach. The counters stay on the medium; any value of them is safe.
 *
 * <p>Not synchronised: the group's {@code blockgroup_lock} guards the counters.
 */
public final class HeldGroup {
  private final GroupDescriptor medium;
  private final long blockBitmap;
  private final long inodeBitmap;
  private final long inodeTable;
  private final AtomicBoolean bitmapUsed = new AtomicBoolean();

  HeldGroup(GroupDescriptor medium) {
    this.medium = medium;
    this.blockBitmap = medium.blockBitmap();
    this.inodeBitmap = medium.inodeBitmap();
    this.inodeTable = medium.inodeTable();
  }

  /** Returns the offset of the descriptor in bytes. */
  public long offset() {
    return medium.offset();
  }

  /** Returns the block of the block bitmap: {@code bg_block_bitmap}. */
  public long blockBitmap() {
    return blockBitmap;
  }

  /** Returns the block of the inode bitmap: {@code bg_inode_bitmap}. */
  public long inodeBitmap() {
    return inodeBitmap;
  }

  /** Returns the first block of the inode table: {@code bg_inode_table}. */
  public long inodeTable() {
    return inodeTable;
  }

  /** Returns the number of free blocks: {@code bg_free_blocks_count}. */
  public int freeBlocksCount() {
    return medium.freeBlocksCount();
  }

  /** Stores {@code bg_free_blocks_count}. */
  public void freeBlocksCount(int value) {
    medium.freeBlocksCount(value);
  }

  /** Returns the number of free inodes: {@code bg_free_inodes_count}. */
  public int freeInodesCount() {
    return medium.freeInodesCount();
  }

  /** Stores {@code bg_free_inodes_count}. */
  public void freeInodesCount(int value) {
    medium.freeInodesCount(value);
  }

  /** Returns the number of directories: {@code bg_used_dirs_count}. */
  public int usedDirsCount() {
    return medium.usedDirsCount();
  }

  /** Stores {@code bg_used_dirs_count}. */
  public void usedDirsCount(int value) {
    medium.usedDirsCount(value);
  }

  /**
   * Returns true once: at the first use of the group's block bitmap, which is when the kernel
   * checks it. Thread-safe.
   */
  public boolean isFirstUseOfBitmap() {
    return !bitmapUsed.get() && bitmapUsed.compareAndSet(false, true);
  }
}
