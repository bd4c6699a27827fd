// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.volume.Geometry;

/**
 * The inode that owns the blocks reserved for descriptors: clear without the feature, otherwise a
 * double indirect block that leads to exactly these blocks and their copies. The feature does not
 * go with meta_bg.
 */
final class ResizeInodeCheck {
  static final int INO = 7;
  static final int DOUBLE = 13;
  private static final int BLOCKS = 40;

  private final CheckedImage image;
  private final RawInode inode;

  private ResizeInodeCheck(CheckedImage image) {
    this.image = image;
    this.inode = image.inode(INO);
  }

  static void check(CheckedImage image) {
    SuperblockFields superblock = image.superblock;
    ResizeInodeCheck check = new ResizeInodeCheck(image);
    if (superblock.has("s_feature_compat", SuperblockCheck.COMPAT_RESIZE_INODE)) {
      if (superblock.hasMetaGroups()) {
        long found = superblock.get("s_feature_compat");
        long without = found & ~SuperblockCheck.COMPAT_RESIZE_INODE;
        String field = "s_feature_compat";
        image.add(Kind.BAD_SUPERBLOCK, 0, field, superblock.at(field), found, without);
      }
      check.present();
      return;
    }
    long reserved = superblock.reservedDescriptorBlocks();
    if (reserved != 0) {
      String field = "s_reserved_gdt_blocks";
      image.add(Kind.BAD_SUPERBLOCK, 0, field, superblock.at("s_padding1"), reserved, 0);
    }
    check.noneBut(-1, Kind.FIELD_NOT_ZERO);
  }

  /** Returns true if all pointers but one are 0. */
  private boolean noneBut(int index, Kind kind) {
    for (int i = 0; i < RawInode.N_BLOCKS; i++) {
      if (i != index && inode.block(i) != 0) {
        add(kind, "i_block[" + i + "]", inode.offset() + BLOCKS + 4L * i, pointer(i), 0);
        return false;
      }
    }
    return true;
  }

  private long pointer(int index) {
    return Integer.toUnsignedLong(inode.block(index));
  }

  private void add(Kind kind, String field, long offset, long found, long expected) {
    image.add(kind, INO, field, offset, found, expected);
  }

  private void present() {
    if (!noneBut(DOUBLE, Kind.BAD_POINTER)) {
      return;
    }
    if (inode.linksCount() == 0 || (inode.mode() & FileMode.REGULAR) == 0) {
      image.add(
          Kind.BAD_MODE, INO, "i_mode", inode.offset(), inode.mode(), FileMode.REGULAR | 0600);
      return;
    }
    long at = inode.offset() + BLOCKS + 4L * DOUBLE;
    if (!image.isBlock(pointer(DOUBLE))) {
      image.add(Kind.BAD_POINTER, INO, "i_block[13]", at, pointer(DOUBLE), 1, image.blocks() - 1);
      return;
    }
    Superblock structure = new Superblock(image.superblock.memory(), image.superblock.offset());
    long descriptors = image.superblock.descriptorBlocks();
    long first = image.superblock.firstBlock() + 1 + descriptors;
    for (long i = 0; i < image.superblock.reservedDescriptorBlocks() / 4; i++) {
      long slot = image.at(pointer(DOUBLE)) + (descriptors + i) % image.pointersPerBlock() * 4;
      if (!image.isBlock(first + i) || wrong(slot, first + i)) {
        return;
      }
      long copy = image.at(first + i);
      long end = copy + image.blockBytes;
      for (int group = 1; group < image.groups && copy < end; group++) {
        if (Geometry.hasSuperblock(structure, group)) {
          if (wrong(copy, first + i + group * image.superblock.get("s_blocks_per_group"))) {
            return;
          }
          copy += 4;
        }
      }
    }
  }

  private boolean wrong(long slot, long expected) {
    if (image.u32(slot) != expected) {
      add(Kind.BAD_POINTER, "pointer", slot, image.u32(slot), expected);
      return true;
    }
    return false;
  }
}
