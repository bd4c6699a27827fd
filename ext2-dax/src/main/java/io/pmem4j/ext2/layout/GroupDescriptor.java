// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.layout;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct ext2_group_desc}: 32 bytes for each block group, in the blocks after the
 * superblock.
 *
 * <p>A typed pointer, not synchronised; the group's {@code blockgroup_lock} guards the counters.
 *
 * @param memory the whole file system
 * @param offset where the structure lies, bytes
 */
public record GroupDescriptor(PersistentMemory memory, long offset) {
  /** Size of one descriptor. */
  public static final int BYTES = 32;

  /** The fields in the kernel's order. */
  public static final StructLayout LAYOUT =
      MemoryLayout.structLayout(
          Le.u32("bg_block_bitmap"),
          Le.u32("bg_inode_bitmap"),
          Le.u32("bg_inode_table"),
          Le.u16("bg_free_blocks_count"),
          Le.u16("bg_free_inodes_count"),
          Le.u16("bg_used_dirs_count"),
          Le.u16("bg_pad"),
          Le.words("bg_reserved", 3));

  private static final U32 BG_BLOCK_BITMAP = U32.of(LAYOUT, "bg_block_bitmap");
  private static final U32 BG_INODE_BITMAP = U32.of(LAYOUT, "bg_inode_bitmap");
  private static final U32 BG_INODE_TABLE = U32.of(LAYOUT, "bg_inode_table");
  private static final U16 BG_FREE_BLOCKS_COUNT = U16.of(LAYOUT, "bg_free_blocks_count");
  private static final U16 BG_FREE_INODES_COUNT = U16.of(LAYOUT, "bg_free_inodes_count");
  private static final U16 BG_USED_DIRS_COUNT = U16.of(LAYOUT, "bg_used_dirs_count");

  /** {@code bg_block_bitmap}: block number of the block bitmap. */
  public long blockBitmap() {
    return BG_BLOCK_BITMAP.unsigned(memory, offset);
  }

  /** {@code bg_inode_bitmap}: block number of the inode bitmap. */
  public long inodeBitmap() {
    return BG_INODE_BITMAP.unsigned(memory, offset);
  }

  /** {@code bg_inode_table}: first block of the inode table. */
  public long inodeTable() {
    return BG_INODE_TABLE.unsigned(memory, offset);
  }

  /** {@code bg_free_blocks_count}: free blocks in the group. */
  public int freeBlocksCount() {
    return BG_FREE_BLOCKS_COUNT.get(memory, offset);
  }

  /** Stores {@code bg_free_blocks_count}. */
  public void freeBlocksCount(int value) {
    BG_FREE_BLOCKS_COUNT.put(memory, offset, value);
  }

  /** {@code bg_free_inodes_count}: free inodes in the group. */
  public int freeInodesCount() {
    return BG_FREE_INODES_COUNT.get(memory, offset);
  }

  /** Stores {@code bg_free_inodes_count}. */
  public void freeInodesCount(int value) {
    BG_FREE_INODES_COUNT.put(memory, offset, value);
  }

  /** {@code bg_used_dirs_count}: directories in the group. */
  public int usedDirsCount() {
    return BG_USED_DIRS_COUNT.get(memory, offset);
  }

  /** Stores {@code bg_used_dirs_count}. */
  public void usedDirsCount(int value) {
    BG_USED_DIRS_COUNT.put(memory, offset, value);
  }
}
