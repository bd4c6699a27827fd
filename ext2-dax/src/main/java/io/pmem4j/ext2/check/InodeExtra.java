// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.AttributeHeader;
import io.pmem4j.ext2.layout.RawInode;

/** The part of an inode past its first 128 bytes, which ext4 and its tools use. */
final class InodeExtra {
  private static final int OLD = RawInode.GOOD_OLD_BYTES;
  private static final int LEAST = 4;

  /** Each time with the field that has its further bits. */
  private static final int[][] TIMES = {{8, 140}, {12, 132}, {144, 148}, {16, 136}};

  private static final int EPOCH = 3;

  private InodeExtra() {}

  static void check(CheckedImage image, RawInode inode, int ino) {
    int most = image.superblock.inodeBytes() - OLD;
    if (most == 0) {
      return;
    }
    long at = inode.offset() + InodeFields.offset("i_extra_isize");
    int extra = image.u16(at);
    if (extra != 0 && (extra < LEAST || extra > most || (extra & 3) != 0)) {
      image.add(Kind.BAD_EXTRA, ino, "i_extra_isize", at, extra, LEAST, most);
      return;
    }
    if (extra >= most - LEAST) {
      return;
    }
    long body = inode.offset() + OLD + extra;
    if (image.u32(body) == (AttributeHeader.MAGIC & 0xffffffffL)) {
      AttributeBlockCheck.checkBody(image, ino, body, most - extra);
    }
    for (int[] time : TIMES) {
      long further = image.u32(inode.offset() + time[1]);
      if ((image.u32(inode.offset() + time[0]) >> 31) != 0 && (further & EPOCH) == EPOCH) {
        long offset = inode.offset() + time[1];
        image.add(Kind.BAD_EXTRA, ino, "i_time_extra", offset, further, further & ~EPOCH);
      }
    }
  }
}
