// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;

/**
 * The shape of a volume, read and validated once at mount; after that arithmetic on it is exact.
 * Immutable.
 *
 * @param blocksCount blocks in the file system
 * @param inodesCount inodes in the file system
 * @param blocksPerGroup blocks in every group but perhaps the last
 * @param inodesPerGroup inodes in every group
 * @param groupsCount groups
 * @param inodeSize bytes of an inode in the table
 * @param firstIno first inode number for files
 */
public record Geometry(
    long blocksCount,
    long inodesCount,
    int blocksPerGroup,
    int inodesPerGroup,
    int groupsCount,
    int inodeSize,
    int firstIno) {

  /** The only block size that can be mapped: a page. */
  public static final int BLOCK_BYTES = 4096;

  /** Block pointers in an indirect block. */
  public static final int ADDR_PER_BLOCK = BLOCK_BYTES / 4;

  private static final int BITS_PER_BLOCK = BLOCK_BYTES * 8;
  private static final int GOOD_OLD_REV = 0;
  private static final int GOOD_OLD_FIRST_INO = 11;

  /**
   * Reads the geometry.
   *
   * @param memoryBytes size of the region that holds the file system
   * @throws Ext2Exception EINVAL; a {@link CorruptFileSystemException} where a field is impossible
   */
  public static Geometry validated(Superblock superblock, long memoryBytes) throws Ext2Exception {
    require(superblock.magic() == Superblock.MAGIC, "s_magic", superblock.magic(), "0xef53");
    require(superblock.logBlockSize() <= 6, "s_log_block_size", superblock.logBlockSize(), "0..6");
    if (superblock.logBlockSize() != 2) {
      throw new Ext2Exception(
          Errno.EINVAL,
          "block size is "
              + (1024L << superblock.logBlockSize())
              + ", DAX needs 4096 (mke2fs -b 4096)");
    }
    require(
        superblock.logFragSize() == superblock.logBlockSize(),
        "s_log_frag_size",
        superblock.logFragSize(),
        "s_log_block_size");
    require(
        superblock.firstDataBlock() == 0,
        "s_first_data_block",
        superblock.firstDataBlock(),
        "0 with 4096-byte blocks");
    boolean old = superblock.revLevel() == GOOD_OLD_REV;
    int inodeSize = old ? RawInode.GOOD_OLD_BYTES : superblock.inodeSize();
    require(
        inodeSize >= RawInode.GOOD_OLD_BYTES
            && inodeSize <= BLOCK_BYTES
            && Integer.bitCount(inodeSize) == 1,
        "s_inode_size",
        inodeSize,
        "a power of two from 128 to 4096");
    long firstIno = old ? GOOD_OLD_FIRST_INO : superblock.firstIno();
    long blocks = superblock.blocksCount();
    require(
        blocks >= 1 && blocks <= memoryBytes / BLOCK_BYTES,
        "s_blocks_count",
        blocks,
        "1.." + memoryBytes / BLOCK_BYTES);
    long blocksPerGroup = superblock.blocksPerGroup();
    require(
        blocksPerGroup >= 1 && blocksPerGroup <= BITS_PER_BLOCK,
        "s_blocks_per_group",
        blocksPerGroup,
        "1.." + BITS_PER_BLOCK);
    int inodesPerBlock = BLOCK_BYTES / inodeSize;
    long inodesPerGroup = superblock.inodesPerGroup();
    require(
        inodesPerGroup >= inodesPerBlock && inodesPerGroup <= BITS_PER_BLOCK,
        "s_inodes_per_group",
        inodesPerGroup,
        inodesPerBlock + ".." + BITS_PER_BLOCK);
    long groups = (blocks - 1) / blocksPerGroup + 1;
    long inodes = superblock.inodesCount();
    require(groups * inodesPerGroup == inodes, "s_inodes_count", inodes, groups * inodesPerGroup);
    if (inodes > Integer.MAX_VALUE) {
      throw new UnsupportedFeatureException(
          "s_inodes_count " + inodes, "s_inodes_count is " + inodes + ", expected below 2^31");
    }
    require(firstIno >= 1 && firstIno <= inodes, "s_first_ino", firstIno, "1..s_inodes_count");
    return new Geometry(
        blocks,
        inodes,
        (int) blocksPerGroup,
        (int) inodesPerGroup,
        (int) groups,
        inodeSize,
        (int) firstIno);
  }

  /**
   * {@code ext2_bg_has_super}: each group has a copy of the superblock, or with sparse_super the
   * first two and those whose number is a power of 3, 5 or 7.
   */
  public static boolean hasSuperblock(Superblock superblock, int group) {
    boolean sparse = (superblock.featureRoCompat() & Feature.RO_COMPAT_SPARSE_SUPER) != 0;
    return !sparse || group <= 1 || isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
  }

  private static boolean isPower(int number, int base) {
    long power = base;
    while (power < number) {
      power *= base;
    }
    return power == number;
  }

  /**
   * Checks that each group's bitmaps and table lie in the group: {@code ext2_check_descriptors}.
   *
   * @throws CorruptFileSystemException EINVAL
   */
  void checkDescriptor(int group, HeldGroup descriptor) throws Ext2Exception {
    long first = groupFirstBlock(group);
    long last = groupLastBlock(group);
    inGroup(group, "bg_block_bitmap", descriptor.blockBitmap(), first, last);
    inGroup(group, "bg_inode_bitmap", descriptor.inodeBitmap(), first, last);
    inGroup(group, "bg_inode_table", descriptor.inodeTable(), first, last - inodeTableBlocks() + 1);
  }

  private static void inGroup(int group, String field, long block, long first, long last)
      throws Ext2Exception {
    if (block < first || block > last) {
      throw new CorruptFileSystemException(
          Errno.EINVAL, "group " + group, field, Long.toString(block), first + ".." + last);
    }
  }

  private static void require(boolean right, String field, long found, Object expected)
      throws Ext2Exception {
    if (!right) {
      throw new CorruptFileSystemException(
          Errno.EINVAL, "superblock", field, Long.toString(found), expected.toString());
    }
  }

  /** First block of a group. */
  public long groupFirstBlock(int group) {
    return (long) group * blocksPerGroup;
  }

  /** Last block of a group; the last group may be short. */
  public long groupLastBlock(int group) {
    return group == groupsCount - 1 ? blocksCount - 1 : groupFirstBlock(group) + blocksPerGroup - 1;
  }

  /** {@code s_itb_per_group}: blocks of a group's inode table, as the kernel rounds it. */
  public int inodeTableBlocks() {
    return inodesPerGroup / (BLOCK_BYTES / inodeSize);
  }

  /** Blocks of descriptors. */
  public int descriptorBlocks() {
    int perBlock = BLOCK_BYTES / GroupDescriptor.BYTES;
    return (groupsCount + perBlock - 1) / perBlock;
  }

  /** The group of an inode. */
  public int groupOfInode(int ino) {
    return (ino - 1) / inodesPerGroup;
  }

  /** {@code ext2_data_block_valid}: a run that may be a file's. */
  public boolean dataBlocksValid(long first, long count) {
    return first > 1 && count >= 1 && first + count - 1 < blocksCount;
  }

  /** {@code ext2_max_size}: the largest file, bytes; limited by the 32 bits of {@code i_blocks}. */
  public static long maxFileBytes() {
    long perBlock = ADDR_PER_BLOCK;
    long blocks = ((1L << 32) - 1) >> 3;
    long beyondDouble = blocks - 12 - perBlock - perBlock * perBlock;
    long indirect =
        1
            + 1
            + perBlock
            + 1
            + Math.ceilDiv(beyondDouble, perBlock)
            + Math.ceilDiv(beyondDouble, perBlock * perBlock);
    return (blocks - indirect) * BLOCK_BYTES;
  }
}
