// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.harness.image.DescriptorOffsets;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;

/**
 * The owners of the blocks of an ext2 image, read from its bytes without a lock and without the
 * file system's own code: ext2.h. Not thread-safe.
 */
final class ImageMap {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int SUPERBLOCK = 1024;
  private static final int BLOCKS_COUNT = SUPERBLOCK + 4;
  private static final int FIRST_DATA_BLOCK = SUPERBLOCK + 20;
  private static final int LOG_BLOCK_SIZE = SUPERBLOCK + 24;
  private static final int BLOCKS_PER_GROUP = SUPERBLOCK + 32;
  private static final int INODES_PER_GROUP = SUPERBLOCK + 40;
  private static final int REV_LEVEL = SUPERBLOCK + 76;
  private static final int INODE_SIZE = SUPERBLOCK + 88;
  private static final int BLOCK_BITMAP = 0;
  private static final int INODE_BITMAP = 4;
  private static final int INODE_TABLE = 8;

  private static final int I_SIZE = 4;
  private static final int I_CTIME = 12;
  private static final int I_MTIME = 16;
  private static final int I_LINKS = 26;
  private static final int I_BLOCKS = 28;
  private static final int I_BLOCK = 40;
  private static final int I_BLOCK_END = I_BLOCK + RawInode.N_BLOCKS * Integer.BYTES;
  private static final int I_DIR_ACL = 108;

  private static final int DIRECT = 12;
  private static final int TREES = 3;
  private static final int MIN_BLOCK_BITS = 10;

  private final MemorySegment image;
  private final int blockBits;
  private final int pointers;
  private final long blocks;
  private final long firstDataBlock;
  private final int blocksPerGroup;
  private final int inodesPerGroup;
  private final int inodeBytes;
  private final DescriptorOffsets descriptors;

  ImageMap(MemorySegment image) {
    this.image = image;
    this.blockBits = MIN_BLOCK_BITS + image.get(INT, LOG_BLOCK_SIZE);
    this.pointers = (1 << blockBits) / Integer.BYTES;
    this.blocks = Integer.toUnsignedLong(image.get(INT, BLOCKS_COUNT));
    this.firstDataBlock = Integer.toUnsignedLong(image.get(INT, FIRST_DATA_BLOCK));
    this.blocksPerGroup = image.get(INT, BLOCKS_PER_GROUP);
    this.inodesPerGroup = image.get(INT, INODES_PER_GROUP);
    this.descriptors = new DescriptorOffsets(offset -> image.get(INT, offset));
    this.inodeBytes = image.get(INT, REV_LEVEL) == 0 ? 128 : image.get(SHORT, INODE_SIZE);
  }

  private long group(int group, int field) {
    return Integer.toUnsignedLong(image.get(INT, descriptors.of(group) + field));
  }

  /** Returns the block that a line of a tracked block lies in. */
  long blockOf(long tracked, int line) {
    return (tracked * TrackedBlock.BYTES + (long) line * TrackedBlock.LINE_BYTES) >> blockBits;
  }

  /** Returns the block of the superblock. */
  long superblock() {
    return SUPERBLOCK >> blockBits;
  }

  /** Returns the page of a file that one of its blocks lies in. */
  long pageOf(long fileBlock) {
    return (fileBlock << blockBits) / TrackedBlock.BYTES;
  }

  /** Returns true if the bitmap says that a block is in use; the boot block always is. */
  boolean inUse(long block) {
    if (block < firstDataBlock) {
      return true;
    }
    int bit = (int) ((block - firstDataBlock) % blocksPerGroup);
    long bitmap =
        group((int) ((block - firstDataBlock) / blocksPerGroup), BLOCK_BITMAP) << blockBits;
    return block < blocks
        && (image.get(ValueLayout.JAVA_BYTE, bitmap + (bit >> 3)) & 1 << (bit & 7)) != 0;
  }

  /** Returns the byte offset of an inode in the image. */
  long inode(int ino) {
    long table = group((ino - 1) / inodesPerGroup, INODE_TABLE) << blockBits;
    return table + (long) ((ino - 1) % inodesPerGroup) * inodeBytes;
  }

  long size(int ino) {
    long low = Integer.toUnsignedLong(image.get(INT, inode(ino) + I_SIZE));
    return low | (long) image.get(INT, inode(ino) + I_DIR_ACL) << 32;
  }

  int ctime(int ino) {
    return image.get(INT, inode(ino) + I_CTIME);
  }

  int mtime(int ino) {
    return image.get(INT, inode(ino) + I_MTIME);
  }

  int links(int ino) {
    return image.get(SHORT, inode(ino) + I_LINKS);
  }

  long sectors(int ino) {
    return Integer.toUnsignedLong(image.get(INT, inode(ino) + I_BLOCKS));
  }

  /** The blocks of an inode: the block of the file for data, {@link #POINTERS_OF_FILE} else. */
  Map<Long, Long> blocksOf(int ino) {
    Map<Long, Long> of = new TreeMap<>();
    long at = inode(ino) + I_BLOCK;
    for (int i = 0; i < DIRECT; i++) {
      put(of, pointer(at, i), i);
    }
    long page = DIRECT;
    long span = pointers;
    for (int level = 1; level <= TREES; level++, span *= pointers) {
      tree(of, pointer(at, DIRECT + level - 1), level, page);
      page += span;
    }
    return of;
  }

  static final long POINTERS_OF_FILE = -1;

  private void tree(Map<Long, Long> of, long block, int levels, long page) {
    if (block == 0 || block >= blocks || of.containsKey(block)) {
      return;
    }
    of.put(block, POINTERS_OF_FILE);
    long span = 1;
    for (int i = 1; i < levels; i++) {
      span *= pointers;
    }
    for (int i = 0; i < pointers; i++) {
      long next = pointer(block << blockBits, i);
      if (levels == 1) {
        put(of, next, page + i);
      } else {
        tree(of, next, levels - 1, page + i * span);
      }
    }
  }

  private void put(Map<Long, Long> of, long block, long page) {
    if (block != 0 && block < blocks) {
      of.put(block, page);
    }
  }

  private long pointer(long at, int index) {
    return Integer.toUnsignedLong(image.get(INT, at + (long) index * Integer.BYTES));
  }

  /**
   * Names a block that belongs to no watched file, and a line of it where lines differ.
   *
   * @param line of the tracked block that the block lies in
   * @return empty for a block that is no metadata: a leaked one, or of a file never opened
   */
  String name(long block, int line) {
    if (block <= superblock()) {
      return "superblock";
    }
    int groups = (int) Math.ceilDiv(blocks - firstDataBlock, (long) blocksPerGroup);
    for (int each = 0; each < groups; each += (1 << blockBits) / DescriptorOffsets.BYTES) {
      if (block == descriptors.of(each) >> blockBits) {
        return "group descriptors";
      }
    }
    int group = (int) ((block - firstDataBlock) / blocksPerGroup);
    if (block == group(group, BLOCK_BITMAP)) {
      return "block bitmap";
    }
    if (block == group(group, INODE_BITMAP)) {
      return "inode bitmap";
    }
    long inTable = (block - group(group, INODE_TABLE)) << blockBits;
    if (inTable >= 0 && inTable < (long) inodesPerGroup * inodeBytes) {
      long inBlock = ((long) line * TrackedBlock.LINE_BYTES) & ((1L << blockBits) - 1);
      long index = (inTable + inBlock) / inodeBytes;
      return "inode " + (group * (long) inodesPerGroup + index + 1);
    }
    return "";
  }

  /**
   * Returns true if a position may hold a pointer: in an inode, or in a block that is not metadata.
   */
  boolean mayHoldPointer(long offset) {
    String name = name(offset >> blockBits, 0);
    long inInode = offset % inodeBytes;
    return name.isEmpty()
        || (name.startsWith("inode ") && inInode >= I_BLOCK && inInode < I_BLOCK_END);
  }

  /** Bytes of an inode that ext2 stores to. */
  static long inodeLength() {
    return RawInode.GOOD_OLD_BYTES;
  }
}
