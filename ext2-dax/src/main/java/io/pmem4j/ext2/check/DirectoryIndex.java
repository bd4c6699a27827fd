// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;

/**
 * The header of a hashed directory. ext2 reads such directories as lists, and clears the flag when
 * it changes one: hashes are not compared.
 */
final class DirectoryIndex {
  private static final int ROOT_INFO = 24;
  private static final int MOST_VERSION = 2;
  private static final int LENGTH = 8;
  private static final int MOST_LEVELS = 1;

  private DirectoryIndex() {}

  static void check(CheckedImage image, RawInode inode, int ino) {
    long at = inode.offset() + InodeFields.offset("i_flags");
    long flags = inode.flags();
    boolean directory = (inode.mode() & FileMode.TYPE_MASK) == FileMode.DIRECTORY;
    if (!directory) {
      long without = flags & ~InodeFields.FLAG_INDEX;
      image.add(Kind.BAD_FLAGS, ino, "i_flags", at, flags, without);
      return;
    }
    if (!image.superblock.has("s_feature_compat", SuperblockCheck.COMPAT_DIR_INDEX)) {
      image.add(Kind.BAD_INDEX, ino, "i_flags", at, flags, flags & ~InodeFields.FLAG_INDEX);
    }
    long block = Integer.toUnsignedLong(inode.block(0));
    if (!image.isBlock(block)) {
      image.add(Kind.BAD_INDEX, ino, "i_block[0]", at, block, 1, image.blocks() - 1);
      return;
    }
    long info = image.at(block) + ROOT_INFO;
    within(image, ino, "reserved_zero", info, image.u32(info), 0, 0);
    within(image, ino, "hash_version", info + 4, image.u8(info + 4), 0, MOST_VERSION);
    within(image, ino, "info_length", info + 5, image.u8(info + 5), LENGTH, 255);
    within(image, ino, "indirect_levels", info + 6, image.u8(info + 6), 0, MOST_LEVELS);
    within(image, ino, "unused_flags", info + 7, image.u8(info + 7) & 1, 0, 0);
  }

  private static void within(
      CheckedImage image, int ino, String field, long at, long found, long least, long most) {
    if (found < least || found > most) {
      image.add(Kind.BAD_INDEX, ino, field, at, found, least, most);
    }
  }
}
