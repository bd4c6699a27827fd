// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.DirEntry;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;

/** The entries of one directory, block by block. Names past the size count, as for e2fsck. */
final class DirectoryEntries {
  private static final int NAME = 8;

  /** By the upper four bits of a mode: the type in an entry. */
  private static final int[] TYPE_OF_MODE = {0, 5, 3, 0, 2, 0, 4, 0, 1, 0, 7, 0, 6, 0, 0, 0};

  private final CheckedImage image;
  private final int ino;
  private final boolean typed;
  private final Set<ByteBuffer> seen = new HashSet<>();

  DirectoryEntries(CheckedImage image, int ino) {
    this.image = image;
    this.ino = ino;
    this.typed = image.superblock.has("s_feature_incompat", SuperblockCheck.INCOMPAT_FILETYPE);
  }

  private void add(Kind kind, String field, long offset, long found, long least, long most) {
    image.add(kind, ino, field, offset, found, least, most);
  }

  /** Checks a block; the first one has "." and "..". */
  void block(long block, boolean first) {
    seen.clear();
    boolean unique = true;
    int at = 0;
    for (int index = first ? 0 : 2; at < image.blockBytes; index++) {
      long offset = image.at(block) + at;
      int left = image.blockBytes - at;
      if (left < NAME || !sound(offset, left)) {
        long found = left < NAME ? left : image.u16(offset + 4);
        add(Kind.BAD_DIRECTORY, "rec_len", offset + 4, found, DirEntry.bytesFor(1), left);
        return;
      }
      if (index == 0) {
        dot(offset);
      } else if (index == 1) {
        dotDot(offset);
      }
      if (image.u32(offset) != 0 && entry(offset, index) && unique) {
        unique = isNew(offset);
      }
      at += image.u16(offset + 4);
    }
  }

  private boolean sound(long offset, int left) {
    int length = image.u16(offset + 4);
    return length >= DirEntry.bytesFor(1)
        && length % 4 == 0
        && length >= DirEntry.bytesFor(image.u8(offset + 6))
        && length <= left;
  }

  private boolean isDots(long offset, int count) {
    if (image.u8(offset + 6) != count) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      if (image.u8(offset + NAME + i) != '.') {
        return false;
      }
    }
    return true;
  }

  private void dot(long offset) {
    if (image.u32(offset) != ino) {
      add(Kind.BAD_DOT, ".", offset, image.u32(offset), ino, ino);
    }
    if (image.u32(offset) != 0 && (!isDots(offset, 1) || image.u8(offset + NAME + 1) != 0)) {
      add(Kind.BAD_DOT, ".", offset + NAME, image.u8(offset + NAME), '.', '.');
    }
    int length = image.u16(offset + 4);
    if (length - DirEntry.bytesFor(1) > DirEntry.bytesFor(1)) {
      int most = 2 * DirEntry.bytesFor(1);
      add(Kind.BAD_DOT, "rec_len", offset + 4, length, DirEntry.bytesFor(1), most);
    }
  }

  private void dotDot(long offset) {
    if (image.u32(offset) == 0) {
      add(Kind.BAD_DOT, "..", offset, 0, 1, image.inodes());
    } else if (!isDots(offset, 2) || image.u8(offset + NAME + 2) != 0) {
      add(Kind.BAD_DOT, "..", offset + NAME, image.u8(offset + NAME), '.', '.');
    } else {
      image.dotDots.put(ino, (int) image.u32(offset));
    }
  }

  /** Checks an entry with an inode; returns false if it counts for nothing. */
  private boolean entry(long offset, int index) {
    long target = image.u32(offset);
    if (!image.isOrdinary(target) || target > image.inodes()) {
      add(Kind.DANGLING_NAME, "inode", offset, target, image.firstIno(), image.inodes());
      return false;
    }
    boolean named = index > 1;
    if (named && (target == ino || target == CheckedImage.ROOT_INO)) {
      add(Kind.SECOND_NAME, "inode", offset, target, image.firstIno(), image.inodes());
    }
    if (named && (isDots(offset, 1) || isDots(offset, 2))) {
      add(Kind.BAD_DOT, "name", offset + NAME, '.', 1, 255);
    } else if (named && image.u8(offset + 6) == 0) {
      add(Kind.BAD_NAME, "name_len", offset + 6, 0, 1, 255);
    }
    if (!image.used.get((int) target)) {
      add(Kind.DANGLING_NAME, "inode", offset, target, 0, 0);
    }
    type(offset, (int) target);
    characters(offset);
    if (named && image.directories.get((int) target)) {
      Integer other = image.parents.putIfAbsent((int) target, ino);
      if (other != null && target != CheckedImage.ROOT_INO) {
        add(Kind.SECOND_NAME, "inode", offset, target, 0, 0);
      }
    }
    image.names[(int) target]++;
    return true;
  }

  private void type(long offset, int target) {
    int found = image.u8(offset + 7);
    int mode = image.inode(target).mode();
    int expected = typed ? TYPE_OF_MODE[mode >> 12] : 0;
    if (found != expected) {
      Kind kind = found == 0 ? Kind.TYPE_UNKNOWN : Kind.WRONG_TYPE;
      add(kind, "file_type", offset + 7, found, expected, expected);
    }
  }

  private void characters(long offset) {
    for (int i = 0; i < image.u8(offset + 6); i++) {
      int each = image.u8(offset + NAME + i);
      if (each == 0 || each == '/') {
        add(Kind.BAD_NAME, "name", offset + NAME + i, each, 1, 255);
        return;
      }
    }
  }

  private boolean isNew(long offset) {
    byte[] name = new byte[image.u8(offset + 6)];
    for (int i = 0; i < name.length; i++) {
      name[i] = (byte) image.u8(offset + NAME + i);
    }
    if (!seen.add(ByteBuffer.wrap(name))) {
      add(Kind.DUPLICATE_NAME, "name", offset + NAME, name.length == 0 ? 0 : name[0], 0, 0);
      return false;
    }
    return true;
  }
}
