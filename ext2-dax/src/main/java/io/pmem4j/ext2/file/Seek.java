// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;

/** lseek(2) as {@code generic_file_llseek} has it: a file is data from its beginning to its end. */
final class Seek {
  private static final int SET = 0;
  private static final int CURRENT = 1;
  private static final int END = 2;
  private static final int DATA = 3;
  private static final int HOLE = 4;

  private Seek() {}

  /** Returns the position that {@code offset} leads to; throws EINVAL, or ENXIO past EOF. */
  static long position(long offset, int whence, long current, long size, long maxBytes)
      throws Ext2Exception {
    long wanted =
        switch (whence) {
          case SET -> offset;
          case CURRENT -> current + offset;
          case END -> size + offset;
          case DATA -> inFile(offset, size);
          case HOLE -> {
            inFile(offset, size);
            yield size;
          }
          default -> throw new Ext2Exception(Errno.EINVAL, "lseek " + whence);
        };
    if (wanted < 0 || wanted > maxBytes) {
      throw new Ext2Exception(Errno.EINVAL, "lseek to " + wanted);
    }
    return wanted;
  }

  private static long inFile(long offset, long size) throws Ext2Exception {
    if (Long.compareUnsigned(offset, size) >= 0) {
      throw new Ext2Exception(Errno.ENXIO, "nothing behind " + offset);
    }
    return offset;
  }

  /** Throws EINVAL for a position below 0. */
  static void requirePosition(long position) throws Ext2Exception {
    if (position < 0) {
      throw new Ext2Exception(Errno.EINVAL, "position " + position);
    }
  }

  /** {@code rw_verify_area}: the end is a position too. */
  static void requireRange(long position, int length) throws Ext2Exception {
    if (position + length < 0) {
      throw new Ext2Exception(Errno.EINVAL, length + " bytes at position " + position);
    }
  }
}
