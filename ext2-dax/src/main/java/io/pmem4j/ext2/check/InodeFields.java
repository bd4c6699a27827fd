// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;
import java.util.Map;
import java.util.Objects;

/** The fields of one inode that need no other structure to be judged. */
final class InodeFields {
  static final int FLAG_IMMUTABLE = 0x10;
  static final int FLAG_APPEND = 0x20;
  static final int FLAG_ENCRYPTED = 0x800;
  static final int FLAG_INDEX = 0x1000;
  static final int FLAG_IMAGIC = 0x2000;
  static final int FLAG_EXTENTS = 0x80000;
  static final int FLAG_INLINE_DATA = 0x10000000;
  static final int FLAG_CASEFOLD = 0x40000000;

  /** Bytes of the pointers, which hold a short symbolic link with its NUL. */
  static final int FAST_BYTES = 60;

  private static final int COMPAT_IMAGIC = 0x2;
  private static final int DEVICE_POINTERS = 4;
  private static final int OS_HURD = 1;
  private static final int OS_LINUX = 0;

  private static final Map<String, Integer> OFFSETS =
      Map.ofEntries(
          Map.entry("i_mode", 0),
          Map.entry("i_uid", 2),
          Map.entry("i_size", 4),
          Map.entry("i_dtime", 20),
          Map.entry("i_gid", 24),
          Map.entry("i_links_count", 26),
          Map.entry("i_blocks", 28),
          Map.entry("i_flags", 32),
          Map.entry("i_block", 40),
          Map.entry("i_file_acl", 104),
          Map.entry("i_dir_acl", 108),
          Map.entry("i_faddr", 112),
          Map.entry("l_i_blocks_hi", 116),
          Map.entry("l_i_file_acl_high", 118),
          Map.entry("i_extra_isize", 128));

  private final CheckedImage image;
  private final RawInode inode;
  private final int ino;
  private final int type;
  private final long flags;

  InodeFields(CheckedImage image, RawInode inode, int ino) {
    this.image = image;
    this.inode = inode;
    this.ino = ino;
    this.type = inode.mode() & FileMode.TYPE_MASK;
    this.flags = inode.flags();
  }

  /** Returns the offset of a field in an inode. */
  static int offset(String field) {
    return Objects.requireNonNull(OFFSETS.get(field), field);
  }

  /** Returns the size of an inode; its upper half is the ACL of directories in old formats. */
  static long size(RawInode inode) {
    return inode.sizeLow() | inode.dirAcl() << 32;
  }

  /** Returns true if a symbolic link is short enough for the inode. */
  static boolean isFastSymlink(RawInode inode) {
    long size = size(inode);
    return (inode.mode() & FileMode.TYPE_MASK) == FileMode.SYMLINK
        && size != 0
        && size < FAST_BYTES;
  }

  /** {@code ext2fs_inode_has_valid_blocks2}: false if the pointers are no pointers. */
  static boolean hasBlocks(RawInode inode) {
    int type = inode.mode() & FileMode.TYPE_MASK;
    if (type == FileMode.SYMLINK) {
      if (inode.fileAcl() == 0) {
        return inode.blocks() != 0;
      }
      return inode.sizeLow() >= FAST_BYTES || (inode.sizeLow() > 4 && inode.block(1) == 0);
    }
    return type == FileMode.DIRECTORY || type == FileMode.REGULAR;
  }

  boolean isDirectory() {
    return type == FileMode.DIRECTORY;
  }

  private void add(Kind kind, String field, long found, long least, long most) {
    image.add(kind, ino, field, inode.offset() + offset(field), found, least, most);
  }

  private void without(long unwanted) {
    if ((flags & unwanted) != 0) {
      add(Kind.BAD_FLAGS, "i_flags", flags, flags & ~unwanted, flags & ~unwanted);
    }
  }

  /** Reports flags of features that ext2 has not. */
  void features() {
    long later = FLAG_CASEFOLD;
    if (inode.linksCount() != 0 || ino <= CheckedImage.ROOT_INO) {
      later |= FLAG_EXTENTS;
    }
    if (ino >= image.firstIno()) {
      later |= FLAG_INLINE_DATA | FLAG_ENCRYPTED;
    }
    without(later);
  }

  /** Reports fields that ext2 keeps at 0. */
  void zeros() {
    zero("i_faddr", inode.faddr());
    if (image.superblock.get("s_creator_os") == OS_LINUX) {
      zero("l_i_blocks_hi", image.u16(inode.offset() + offset("l_i_blocks_hi")));
      zero("l_i_file_acl_high", image.u16(inode.offset() + offset("l_i_file_acl_high")));
    } else if (image.superblock.get("s_creator_os") == OS_HURD) {
      zero("l_i_blocks_hi", image.u16(inode.offset() + offset("l_i_blocks_hi")));
    }
    if (isDirectory()) {
      zero("i_dir_acl", inode.dirAcl());
    }
    if (!image.superblock.has("s_feature_compat", COMPAT_IMAGIC)) {
      without(FLAG_IMAGIC);
    }
  }

  private void zero(String field, long found) {
    if (found != 0) {
      add(Kind.FIELD_NOT_ZERO, field, found, 0, 0);
    }
  }

  /** Reports what does not go with the type. */
  void type() {
    switch (type) {
      case FileMode.DIRECTORY, FileMode.REGULAR -> {}
      case FileMode.SYMLINK -> symlink();
      case FileMode.CHARACTER, FileMode.BLOCK, FileMode.FIFO, FileMode.SOCKET -> special();
      default ->
          add(
              Kind.BAD_MODE,
              "i_mode",
              inode.mode(),
              FileMode.FIFO,
              FileMode.SOCKET | FileMode.PERMISSIONS);
    }
  }

  private void special() {
    without(FLAG_IMMUTABLE | FLAG_APPEND | FLAG_INLINE_DATA);
    for (int i = DEVICE_POINTERS; i < RawInode.N_BLOCKS; i++) {
      if ((flags & (FLAG_IMMUTABLE | FLAG_APPEND)) != 0 && inode.block(i) != 0) {
        add(
            Kind.BAD_MODE,
            "i_mode",
            inode.mode(),
            FileMode.DIRECTORY,
            FileMode.REGULAR | FileMode.PERMISSIONS);
        break;
      }
    }
    if (size(inode) != 0) {
      add(Kind.BAD_SIZE, "i_size", size(inode), 0, 0);
    }
  }

  private void symlink() {
    without(FLAG_IMMUTABLE | FLAG_APPEND);
    long length = targetLength();
    if (size(inode) == 0 || length != size(inode)) {
      add(Kind.BAD_SYMLINK, "i_size", size(inode), length, length);
    }
  }

  /** Returns the length of the target up to its NUL, or 0 if it cannot be one. */
  private long targetLength() {
    long at = inode.offset() + offset("i_block");
    long most = FAST_BYTES;
    if (!isFastSymlink(inode)) {
      for (int i = 1; i < RawInode.N_BLOCKS; i++) {
        if (inode.block(i) != 0) {
          return 0;
        }
      }
      long block = Integer.toUnsignedLong(inode.block(0));
      if (!image.isBlock(block)) {
        return 0;
      }
      at = image.at(block);
      most = image.blockBytes;
    }
    long length = 0;
    while (length < most && image.u8(at + length) != 0) {
      length++;
    }
    return length == most ? 0 : length;
  }
}
