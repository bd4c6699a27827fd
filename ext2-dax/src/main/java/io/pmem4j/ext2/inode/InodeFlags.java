// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.FileMode;

/** The bits of {@code i_flags} that change behaviour, and those that a new file inherits. */
final class InodeFlags {
  static final int SYNC = 0x8;
  static final int IMMUTABLE = 0x10;
  static final int APPEND = 0x20;
  static final int NOATIME = 0x80;
  static final int BTREE = 0x1000;

  /** The flags that users see, {@code EXT2_FL_USER_VISIBLE}. */
  static final int USER_VISIBLE = 0x3DFFF;

  /** The flags that users set, {@code EXT2_FL_USER_MODIFIABLE}. */
  static final int USER_MODIFIABLE = 0x380FF;

  private static final int SECRM = 0x1;
  private static final int UNRM = 0x2;
  private static final int COMPR = 0x4;
  private static final int NODUMP = 0x40;
  private static final int COMPRBLK = 0x200;
  private static final int NOCOMP = 0x400;
  private static final int JOURNAL_DATA = 0x4000;
  private static final int NOTAIL = 0x8000;
  static final int DIRSYNC = 0x1_0000;
  static final int TOPDIR = 0x2_0000;

  private static final int INHERITED =
      SECRM
          | UNRM
          | COMPR
          | SYNC
          | NODUMP
          | NOATIME
          | COMPRBLK
          | NOCOMP
          | JOURNAL_DATA
          | NOTAIL
          | DIRSYNC;

  private InodeFlags() {}

  /** Returns what a new file gets from its directory. */
  static int inherited(int mode, int parentFlags) {
    return masked(mode, parentFlags & INHERITED);
  }

  /** {@code ext2_mask_flags}: the flags that a file of a type can have. */
  static int masked(int mode, int flags) {
    return switch (mode & FileMode.TYPE_MASK) {
      case FileMode.DIRECTORY -> flags;
      case FileMode.REGULAR -> flags & ~(DIRSYNC | TOPDIR);
      default -> flags & (NODUMP | NOATIME);
    };
  }
}
