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
 * @param blockBits the block size as a power of two: 10 to 12
 * @param superblock kibibytes before the superblock: {@code s_sb_block}
 * @param firstDataBlock first block of group 0; block 0 holds no superblock if blocks are 1 KiB
 * @param blocksCount blocks in the file system
 * @param inodesCount inodes in the file system
 * @param blocksPerGroup blocks in every group but perhaps the last
 * @param inodesPerGroup inodes in every group
 * @param groupsCount groups
 * @param inodeSize bytes of an inode in the table
 * @param firstIno first inode number for files
 */
public record Geometry(
    int blockBits,
    long superblock,
    long firstDataBlock,
    long blocksCount,
    long inodesCount,
    int blocksPerGroup,
    int inodesPerGroup,
    int groupsCount,
    int inodeSize,
    int firstIno) {

  private static final int MIN_BLOCK_BITS = 10;
  private static final int MAX_BLOCK_BITS = 12;
  private static final int POINTER_BITS = 2;
  private static final int SECTOR_BITS = 9;
  private static final int DIRECT_BLOCKS = 12;

  /** {@code ext2_max_size} of each block size. */
  private static final long[] MAX_FILE_BYTES = {maxSize(10), maxSize(11), maxSize(12)};

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
    int bits = MIN_BLOCK_BITS + (int) superblock.logBlockSize();
    if (bits > MAX_BLOCK_BITS) {
      throw new Ext2Exception(
          Errno.EINVAL, "block size is " + (1L << bits) + ", expected a page at most: 4096");
    }
    int blockBytes = 1 << bits;
    int bitsPerBlock = blockBytes * Byte.SIZE;
    require(
        superblock.logFragSize() == superblock.logBlockSize(),
        "s_log_frag_size",
        superblock.logFragSize(),
        "s_log_block_size");
    boolean old = superblock.revLevel() == GOOD_OLD_REV;
    int inodeSize = old ? RawInode.GOOD_OLD_BYTES : superblock.inodeSize();
    require(
        inodeSize >= RawInode.GOOD_OLD_BYTES
            && inodeSize <= blockBytes
            && Integer.bitCount(inodeSize) == 1,
        "s_inode_size",
        inodeSize,
        "a power of two from 128 to " + blockBytes);
    long firstIno = old ? GOOD_OLD_FIRST_INO : superblock.firstIno();
    long blocks = superblock.blocksCount();
    require(
        blocks >= 1 && blocks <= memoryBytes >> bits,
        "s_blocks_count",
        blocks,
        "1.." + (memoryBytes >> bits));
    long firstDataBlock = superblock.firstDataBlock();
    require(
        firstDataBlock < blocks,
        "s_first_data_block",
        firstDataBlock,
        "less than s_blocks_count, which is " + blocks);
    long blocksPerGroup = superblock.blocksPerGroup();
    require(
        blocksPerGroup >= 1 && blocksPerGroup <= bitsPerBlock,
        "s_blocks_per_group",
        blocksPerGroup,
        "1.." + bitsPerBlock);
    int inodesPerBlock = blockBytes / inodeSize;
    long inodesPerGroup = superblock.inodesPerGroup();
    require(
        inodesPerGroup >= inodesPerBlock && inodesPerGroup <= bitsPerBlock,
        "s_inodes_per_group",
        inodesPerGroup,
        inodesPerBlock + ".." + bitsPerBlock);
    long groups = (blocks - firstDataBlock - 1) / blocksPerGroup + 1;
    long inodes = superblock.inodesCount();
    require(groups * inodesPerGroup == inodes, "s_inodes_count", inodes, groups * inodesPerGroup);
    if (inodes > Integer.MAX_VALUE) {
      throw new UnsupportedFeatureException(
          "s_inodes_count " + inodes, "s_inodes_count is " + inodes + ", expected below 2^31");
    }
    require(firstIno >= 1 && firstIno <= inodes, "s_first_ino", firstIno, "1..s_inodes_count");
    return new Geometry(
        bits,
        superblock.offset() >> MIN_BLOCK_BITS,
        firstDataBlock,
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

  /** Bytes of a block: 1024, 2048 or 4096. */
  public int blockBytes() {
    return 1 << blockBits;
  }

  /** Sectors of 512 bytes in a block, the unit of {@code i_blocks}. */
  public int sectorsPerBlock() {
    return 1 << (blockBits - SECTOR_BITS);
  }

  /** {@code s_addr_per_block_bits}: block pointers in an indirect block, as a power of two. */
  public int pointerBits() {
    return blockBits - POINTER_BITS;
  }

  /** Block pointers in an indirect block. */
  public int pointersPerBlock() {
    return 1 << pointerBits();
  }

  /** Returns the first byte of a block. */
  public long offsetOf(long block) {
    return block << blockBits;
  }

  /** Returns the block that a byte of the file system lies in. */
  public long blockAt(long offset) {
    return offset >> blockBits;
  }

  /** Returns the number of blocks that so many bytes fill, the last one perhaps in part. */
  public long blocksFor(long bytes) {
    return (bytes >> blockBits) + ((bytes & (blockBytes() - 1)) == 0 ? 0 : 1);
  }

  /** The group of a block. */
  public int groupOfBlock(long block) {
    return (int) ((block - firstDataBlock) / blocksPerGroup);
  }

  /** First block of a group. */
  public long groupFirstBlock(int group) {
    return (long) group * blocksPerGroup + firstDataBlock;
  }

  /** Last block of a group; the last group may be short. */
  public long groupLastBlock(int group) {
    return group == groupsCount - 1 ? blocksCount - 1 : groupFirstBlock(group) + blocksPerGroup - 1;
  }

  /** {@code s_itb_per_group}: blocks of a group's inode table, as the kernel rounds it. */
  public int inodeTableBlocks() {
    return inodesPerGroup / (blockBytes() / inodeSize);
  }

  /** Blocks of descriptors. */
  public int descriptorBlocks() {
    int perBlock = blockBytes() / GroupDescriptor.BYTES;
    return (groupsCount + perBlock - 1) / perBlock;
  }

  /** The group of an inode. */
  public int groupOfInode(int ino) {
    return (ino - 1) / inodesPerGroup;
  }

  /**
   * {@code ext2_data_block_valid}: a run that may be a file's. As in the kernel the place of the
   * superblock in KiB counts as a block of any size.
   */
  public boolean dataBlocksValid(long first, long count) {
    return first > firstDataBlock
        && count >= 1
        && first + count - 1 < blocksCount
        && !(first <= superblock && first + count > superblock);
  }

  /** The largest file in bytes: {@code s_maxbytes}. */
  public long maxFileBytes() {
    return MAX_FILE_BYTES[blockBits - MIN_BLOCK_BITS];
  }

  /**
   * {@code ext2_max_size}: what the block tree reaches, or what the 32 bits of {@code i_blocks} can
   * count together with the blocks of pointers.
   */
  private static long maxSize(int bits) {
    long pointers = 1L << (bits - POINTER_BITS);
    long most = ((1L << 32) - 1) >> (bits - SECTOR_BITS);
    long reached = DIRECT_BLOCKS + pointers + pointers * pointers + pointers * pointers * pointers;
    long meta = 1 + (1 + pointers) + (1 + pointers + pointers * pointers);
    if (reached + meta <= most) {
      return reached << bits;
    }
    long behindDouble = most - DIRECT_BLOCKS - pointers - pointers * pointers;
    long indirect =
        1
            + 1
            + pointers
            + 1
            + Math.ceilDiv(behindDouble, pointers)
            + Math.ceilDiv(behindDouble, pointers * pointers);
    return (most - indirect) << bits;
  }
}
