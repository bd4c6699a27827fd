// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Bounds;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.check.ImageFinding.Place;
import io.pmem4j.ext2.layout.GroupDescriptor;
import java.util.BitSet;
import java.util.function.Consumer;

/** A check of the group descriptors that belong to one superblock: each structure has its place. */
final class DescriptorCheck {
  /** {@code bg_flags} and {@code bg_itable_unused}, which ext2 keeps at 0. */
  private static final int FLAGS = 18;

  private static final int UNUSED_INODES = 28;
  private static final int UNINITIALISED = 3;
  private static final int TABLE = 8;

  private final SuperblockFields superblock;
  private final DescriptorBlocks blocks;
  private final Consumer<ImageFinding> sink;
  private final BitSet taken = new BitSet();
  private boolean usable = true;

  private DescriptorCheck(SuperblockFields superblock, Consumer<ImageFinding> sink) {
    this.superblock = superblock;
    this.blocks = new DescriptorBlocks(superblock);
    this.sink = sink;
  }

  /** Reports what is wrong; returns false if the places of structures cannot be used. */
  static boolean check(SuperblockFields superblock, Consumer<ImageFinding> sink) {
    DescriptorCheck check = new DescriptorCheck(superblock, sink);
    check.taken.or(check.blocks.fixed());
    for (int group = 0; group < superblock.groups(); group++) {
      check.group(group);
    }
    return check.usable;
  }

  private void group(int group) {
    GroupDescriptor descriptor = new GroupDescriptor(superblock.memory(), blocks.offset(group));
    place(group, "bg_block_bitmap", descriptor.offset(), descriptor.blockBitmap(), 1);
    place(group, "bg_inode_bitmap", descriptor.offset() + 4, descriptor.inodeBitmap(), 1);
    place(
        group,
        "bg_inode_table",
        descriptor.offset() + TABLE,
        descriptor.inodeTable(),
        superblock.tableBlocks());
    int flags = SuperblockFields.u16(superblock.memory(), descriptor.offset() + FLAGS);
    if ((flags & UNINITIALISED) != 0) {
      add(group, "bg_flags", descriptor.offset() + FLAGS, flags, new Bounds(0, 0));
    }
    int unused = SuperblockFields.u16(superblock.memory(), descriptor.offset() + UNUSED_INODES);
    if (unused != 0) {
      add(group, "bg_itable_unused", descriptor.offset() + UNUSED_INODES, unused, new Bounds(0, 0));
    }
  }

  private void place(int group, String field, long offset, long block, long count) {
    Bounds inGroup =
        new Bounds(superblock.groupFirst(group), superblock.groupLast(group) - count + 1);
    boolean free = block >= inGroup.least() && block <= inGroup.most();
    if (free) {
      int next = taken.nextSetBit((int) block);
      free = next < 0 || next >= block + count;
    }
    if (free) {
      taken.set((int) block, (int) (block + count));
    } else {
      usable = false;
      add(group, field, offset, block, inGroup);
    }
  }

  private void add(int group, String field, long offset, long found, Bounds expected) {
    sink.accept(
        new ImageFinding(
            Kind.BAD_DESCRIPTOR, group, group, new Place(field, offset), found, expected));
  }
}
