// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;

/** The refusals of {@code vfs_fallocate}, in the kernel's order: ext2 has no fallocate. */
final class Fallocate {
  static final int KEEP_SIZE = 1;
  static final int PUNCH_HOLE = 2;
  private static final int COLLAPSE_RANGE = 8;
  private static final int ZERO_RANGE = 0x10;
  private static final int INSERT_RANGE = 0x20;
  private static final int UNSHARE_RANGE = 0x40;

  private static final int SUPPORTED =
      KEEP_SIZE | PUNCH_HOLE | COLLAPSE_RANGE | ZERO_RANGE | INSERT_RANGE | UNSHARE_RANGE;

  private Fallocate() {}

  /**
   * Throws the error that fallocate(2) reports on ext2.
   *
   * @throws Ext2Exception EINVAL, EBADF, EPERM, EISDIR, EFBIG, else EOPNOTSUPP
   */
  static void refuse(
      Ext2Inode inode, OpenFlags flags, int mode, long offset, long length, long maxBytes)
      throws Ext2Exception {
    if (offset < 0 || length <= 0) {
      throw refusal(Errno.EINVAL, mode, offset, length);
    }
    checkMode(mode, offset, length);
    if (!flags.write()) {
      throw refusal(Errno.EBADF, mode, offset, length);
    }
    if (inode.isImmutable() || (inode.isAppendOnly() && (mode & ~KEEP_SIZE) != 0)) {
      throw refusal(Errno.EPERM, mode, offset, length);
    }
    if (inode.isDirectory()) {
      throw refusal(Errno.EISDIR, mode, offset, length);
    }
    if (length > maxBytes - offset) {
      throw refusal(Errno.EFBIG, mode, offset, length);
    }
    throw refusal(Errno.EOPNOTSUPP, mode, offset, length);
  }

  private static void checkMode(int mode, long offset, long length) throws Ext2Exception {
    boolean punch = (mode & PUNCH_HOLE) != 0;
    boolean zero = (mode & ZERO_RANGE) != 0;
    if ((mode & ~SUPPORTED) != 0 || (punch && zero) || (punch && (mode & KEEP_SIZE) == 0)) {
      throw refusal(Errno.EOPNOTSUPP, mode, offset, length);
    }
    boolean alone =
        ((mode & COLLAPSE_RANGE) == 0 || mode == COLLAPSE_RANGE)
            && ((mode & INSERT_RANGE) == 0 || mode == INSERT_RANGE)
            && ((mode & UNSHARE_RANGE) == 0 || (mode & ~(UNSHARE_RANGE | KEEP_SIZE)) == 0);
    if (!alone) {
      throw refusal(Errno.EINVAL, mode, offset, length);
    }
  }

  private static Ext2Exception refusal(Errno errno, int mode, long offset, long length) {
    return new Ext2Exception(
        errno, "fallocate mode 0x%x of %d bytes at %d".formatted(mode, length, offset));
  }
}
