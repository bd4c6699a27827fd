// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.format;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import org.jspecify.annotations.Nullable;

/**
 * The numbers of a new file system, as {@code ext2fs_initialize} computes them. Immutable.
 *
 * @param blockBytes bytes of a block
 * @param inodeBytes bytes of an inode
 * @param firstDataBlock the block of the superblock
 * @param blocks blocks of the file system; a last group without room is left out
 * @param blocksPerGroup blocks of each group but perhaps the last
 * @param groups groups
 * @param descriptorBlocks blocks of descriptors
 * @param reservedDescriptorBlocks blocks kept for more of them
 * @param inodesPerGroup inodes of each group
 * @param tableBlocks blocks of each group's inodes
 * @param sparse few groups have a superblock
 */
record MkfsLayout(
    int blockBytes,
    int inodeBytes,
    int firstDataBlock,
    long blocks,
    int blocksPerGroup,
    int groups,
    int descriptorBlocks,
    int reservedDescriptorBlocks,
    int inodesPerGroup,
    int tableBlocks,
    boolean sparse) {
  private static final int DESCRIPTOR_BYTES = 32;

  /** Fewer blocks than that beside its own structures, and the last group is left out. */
  private static final int LEAST_DATA = 50;

  private static final long MOST_BLOCKS = 0xffff_ffffL;
  private static final int FEWEST_IN_GROUP = 256;

  private static Ext2Exception invalid(String message) {
    return new Ext2Exception(Errno.EINVAL, message);
  }

  /**
   * Computes the numbers.
   *
   * @throws Ext2Exception EINVAL for options that contradict each other, ENOSPC for too small a
   *     device
   */
  static MkfsLayout of(MkfsOptions options) throws Ext2Exception {
    int block = options.block();
    check(options, block);
    long blocks = options.bytes() / block;
    if (blocks > MOST_BLOCKS) {
      throw invalid(blocks + " blocks, expected below 2^32");
    }
    long inodes =
        options.inodes() != 0 ? options.inodes() : blocks * block / Math.max(1, options.ratio());
    if (inodes * options.inodeBytes() >= blocks * block) {
      throw invalid(
          "%d inodes of %d bytes have no room in %d blocks of %d bytes"
              .formatted(inodes, options.inodeBytes(), blocks, block));
    }
    int perGroup = options.blocksPerGroup() != 0 ? options.blocksPerGroup() : block * 8;
    while (true) {
      MkfsLayout tried = tryWith(options, block, blocks, perGroup, inodes);
      if (tried == null) {
        perGroup -= 8;
        continue;
      }
      long rest = (blocks - tried.firstDataBlock) % perGroup;
      int overhead = tried.overhead();
      // mke2fs looks at the last group alone, and may make a first one that has no room for itself.
      int most = Math.max(overhead, 2 + tried.tableBlocks + tried.superBlocks(0));
      if (most > perGroup) {
        throw invalid(
            "the structures of a group take %d of its %d blocks".formatted(most, perGroup));
      }
      if (tried.groups == 1 && rest != 0 && rest < overhead) {
        throw new Ext2Exception(
            Errno.ENOSPC, blocks + " blocks, expected " + overhead + " at least");
      }
      if (rest == 0 || rest >= overhead + LEAST_DATA) {
        return tried;
      }
      blocks -= rest;
      if (blocks <= tried.firstDataBlock) {
        throw new Ext2Exception(
            Errno.ENOSPC, rest + " blocks, expected " + (overhead + LEAST_DATA));
      }
    }
  }

  private static void check(MkfsOptions options, int block) throws Ext2Exception {
    if (block != 1024 && block != 2048 && block != 4096) {
      throw invalid("block size " + block + ", expected 1024, 2048 or 4096");
    }
    int inode = options.inodeBytes();
    if (inode < 128 || inode > block || Integer.bitCount(inode) != 1) {
      throw invalid("inode size " + inode + ", expected a power of two from 128 to " + block);
    }
    int perGroup = options.blocksPerGroup();
    if (perGroup != 0
        && (perGroup < FEWEST_IN_GROUP || perGroup > block * 8 || perGroup % 8 != 0)) {
      throw invalid(
          "%d blocks per group, expected a multiple of 8 from %d to %d"
              .formatted(perGroup, FEWEST_IN_GROUP, block * 8));
    }
    if (options.reservedPercent() < 0 || options.reservedPercent() > 50) {
      throw invalid("reserved " + options.reservedPercent() + " %, expected 0 to 50");
    }
    if (options.has(MkfsFeature.RESIZE_INODE) && !options.has(MkfsFeature.SPARSE_SUPER)) {
      throw invalid("resize_inode needs sparse_super");
    }
  }

  /** Returns null if a group would have more inodes than its bitmap has bits. */
  private static @Nullable MkfsLayout tryWith(
      MkfsOptions options, int block, long blocks, int perGroup, long inodes) throws Ext2Exception {
    int first = block == 1024 ? 1 : 0;
    long groups = Math.ceilDiv(blocks - first, (long) perGroup);
    if (groups <= 0) {
      throw new Ext2Exception(Errno.ENOSPC, blocks + " blocks are no file system");
    }
    int descriptors = (int) Math.ceilDiv(groups, (long) (block / DESCRIPTOR_BYTES));
    long inodesPerGroup = Math.ceilDiv(inodes, groups);
    if (inodesPerGroup > block * 8L) {
      if (perGroup >= FEWEST_IN_GROUP) {
        return null;
      }
      throw invalid(inodes + " inodes are too many");
    }
    inodesPerGroup = Math.min(inodesPerGroup, 65536L - block / options.inodeBytes());
    long table = Math.ceilDiv(inodesPerGroup * options.inodeBytes(), (long) block);
    inodesPerGroup = Math.max(8, table * block / options.inodeBytes()) & ~7L;
    table = Math.ceilDiv(inodesPerGroup * options.inodeBytes(), (long) block);
    int reserved =
        options.has(MkfsFeature.RESIZE_INODE)
            ? reservedDescriptors(block, blocks, first, perGroup, descriptors)
            : 0;
    return new MkfsLayout(
        block,
        options.inodeBytes(),
        first,
        blocks,
        perGroup,
        (int) groups,
        descriptors,
        reserved,
        (int) inodesPerGroup,
        (int) table,
        options.has(MkfsFeature.SPARSE_SUPER));
  }

  /** {@code calc_reserved_gdt_blocks}: room to grow by 1,024 times. */
  private static int reservedDescriptors(
      int block, long blocks, int first, int perGroup, int descriptors) {
    long most = blocks < MOST_BLOCKS / 1024 ? blocks * 1024 : MOST_BLOCKS;
    long groups = Math.ceilDiv(most - first, (long) perGroup);
    long all = Math.ceilDiv(groups, (long) (block / DESCRIPTOR_BYTES));
    return (int) Math.min(all - descriptors, block / 4);
  }

  /** Blocks of structures of the last group, with what a superblock brings if it has one. */
  private int overhead() {
    return 2 + tableBlocks + superBlocks(groups - 1);
  }

  /** Returns the blocks of superblock and descriptors at the begin of a group. */
  int superBlocks(int group) {
    return hasSuperblock(group) ? 1 + descriptorBlocks + reservedDescriptorBlocks : 0;
  }

  boolean hasSuperblock(int group) {
    return !sparse || group <= 1 || isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
  }

  private static boolean isPower(int number, int base) {
    long power = base;
    while (power < number) {
      power *= base;
    }
    return power == number;
  }

  long firstBlock(int group) {
    return firstDataBlock + (long) group * blocksPerGroup;
  }

  /** Returns the block after the last of a group. */
  long endBlock(int group) {
    return Math.min(blocks, firstBlock(group) + blocksPerGroup);
  }

  long blockBitmap(int group) {
    return firstBlock(group) + superBlocks(group);
  }

  long inodeBitmap(int group) {
    return blockBitmap(group) + 1;
  }

  long inodeTable(int group) {
    return blockBitmap(group) + 2;
  }

  int groupOfInode(int ino) {
    return (ino - 1) / inodesPerGroup;
  }

  long inodeOffset(int ino) {
    int group = groupOfInode(ino);
    return inodeTable(group) * blockBytes + (long) ((ino - 1) % inodesPerGroup) * inodeBytes;
  }
}
