// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.format;

import java.util.Locale;

/** A feature of the superblock that a new file system may have. */
public enum MkfsFeature {
  /** Inodes may have extended attributes. */
  EXT_ATTR(0, 0x8),
  /** Blocks kept for more group descriptors, which inode 7 leads to. */
  RESIZE_INODE(0, 0x10),
  /** Directories may have an index. */
  DIR_INDEX(0, 0x20),
  /** Entries of directories have a type. */
  FILETYPE(1, 0x2),
  /** Few groups have a copy of the superblock. */
  SPARSE_SUPER(2, 0x1),
  /** Files may have more than 2 GiB. */
  LARGE_FILE(2, 0x2);

  private final int word;
  private final int bit;

  MkfsFeature(int word, int bit) {
    this.word = word;
    this.bit = bit;
  }

  /** Returns 0 for a compatible feature, 1 for an incompatible one, 2 if it forbids writing. */
  int word() {
    return word;
  }

  int bit() {
    return bit;
  }

  /** Returns the name that {@code mke2fs -O} takes. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
