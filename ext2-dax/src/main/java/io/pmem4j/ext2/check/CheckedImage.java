// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Bounds;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.check.ImageFinding.Place;
import io.pmem4j.ext2.layout.GroupDescriptor;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * An image under a check: its geometry, and what the passes have learned so far. Memory: two bits
 * for each used block, an int and three bits for each inode, two entries for each directory.
 */
final class CheckedImage {
  static final int ROOT_INO = 2;

  final PersistentMemory memory;
  final SuperblockFields superblock;
  final int blockBytes;
  final int groups;

  /** Blocks that something refers to, and those of them that are metadata. */
  final BitSet found = new BitSet();

  final BitSet metadata = new BitSet();

  /** Inodes in use, and those of them that are directories. */
  final BitSet used = new BitSet();

  final BitSet directories = new BitSet();

  /** The number of entries that lead to an inode. */
  final int[] names;

  /** The directory that names a directory, and the inode in its "..". */
  final Map<Integer, Integer> parents = new HashMap<>();

  final Map<Integer, Integer> dotDots = new HashMap<>();

  /** The largest regular file, bytes. */
  long largestFile;

  private final Consumer<ImageFinding> sink;
  private final DescriptorBlocks descriptors;
  private final int inodesPerGroup;
  private final long firstBlock;
  private final long blocks;
  private final long firstIno;
  private final int inodeBytes;

  CheckedImage(SuperblockFields superblock, Consumer<ImageFinding> sink) {
    this.memory = superblock.memory();
    this.superblock = superblock;
    this.sink = sink;
    this.blockBytes = superblock.blockBytes();
    this.groups = superblock.groups();
    this.inodesPerGroup = (int) superblock.get("s_inodes_per_group");
    this.descriptors = new DescriptorBlocks(superblock);
    this.firstBlock = superblock.firstBlock();
    this.blocks = superblock.blocks();
    this.firstIno = superblock.firstIno();
    this.inodeBytes = superblock.inodeBytes();
    this.names = new int[inodes() + 1];
  }

  int inodes() {
    return groups * inodesPerGroup;
  }

  long firstIno() {
    return firstIno;
  }

  long blocks() {
    return blocks;
  }

  int inodesPerGroup() {
    return inodesPerGroup;
  }

  int pointersPerBlock() {
    return blockBytes / 4;
  }

  boolean isOrdinary(long ino) {
    return ino == ROOT_INO || ino >= firstIno;
  }

  /** Returns true if a block lies in the file system. */
  boolean isBlock(long block) {
    return block >= firstBlock && block < blocks;
  }

  /** Returns the blocks of superblocks and descriptors, and those reserved for descriptors. */
  BitSet fixedBlocks() {
    return descriptors.fixed();
  }

  GroupDescriptor descriptor(int group) {
    return new GroupDescriptor(memory, descriptors.offset(group));
  }

  long inodeOffset(long ino) {
    int group = (int) ((ino - 1) / inodesPerGroup);
    long index = (ino - 1) % inodesPerGroup;
    return at(descriptor(group).inodeTable()) + index * inodeBytes;
  }

  RawInode inode(long ino) {
    return new RawInode(memory, inodeOffset(ino));
  }

  /** Returns the offset of a block. */
  long at(long block) {
    return block * blockBytes;
  }

  int u8(long offset) {
    return Byte.toUnsignedInt(memory.segment().get(ValueLayout.JAVA_BYTE, offset));
  }

  int u16(long offset) {
    return SuperblockFields.u16(memory, offset);
  }

  long u32(long offset) {
    return SuperblockFields.u32(memory, offset);
  }

  /** Returns the bits of a block. */
  BitSet bitmap(long block) {
    return BitSet.valueOf(
        memory.segment().asSlice(at(block), blockBytes).toArray(ValueLayout.JAVA_BYTE));
  }

  /** Marks a block as referenced; false if it already was. */
  boolean claim(long block) {
    if (found.get((int) block)) {
      return false;
    }
    found.set((int) block);
    return true;
  }

  void add(Kind kind, long number, String field, long offset, long value, long expected) {
    add(kind, number, field, offset, value, expected, expected);
  }

  void add(Kind kind, long number, String field, long offset, long value, long least, long most) {
    run(kind, number, number, field, offset, value, new Bounds(least, most));
  }

  void run(
      Kind kind, long first, long last, String field, long offset, long value, Bounds expected) {
    sink.accept(new ImageFinding(kind, first, last, new Place(field, offset), value, expected));
  }
}
