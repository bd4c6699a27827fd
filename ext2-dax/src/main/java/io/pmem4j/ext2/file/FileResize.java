// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.FilePrivileges;
import io.pmem4j.ext2.inode.Truncate;
import io.pmem4j.ext2.volume.Volume;

/** Sizes that calls set: {@code do_truncate} in its two callers. */
final class FileResize {
  private final Volume volume;
  private final Ext2Inode inode;

  FileResize(Volume volume, Ext2Inode inode) {
    this.volume = volume;
    this.inode = inode;
  }

  /**
   * Sets the size as ftruncate(2) does. The same size again changes only the times: the bytes past
   * EOF in the last block stay.
   *
   * @throws Ext2Exception EINVAL, EPERM, EFBIG, EIO
   */
  void byDescriptor(OpenFlags flags, long size) throws Ext2Exception {
    if (size < 0 || !flags.write() || inode.isDirectory()) {
      throw new Ext2Exception(Errno.EINVAL, "truncate to " + size);
    }
    if (inode.isAppendOnly()) {
      throw new Ext2Exception(Errno.EPERM, inode + " is append-only");
    }
    try (var _ = volume.freezeGate().startWrite()) {
      resize(size);
    }
  }

  /** {@code handle_truncate} of open(2) with O_TRUNC. */
  void onOpen() throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite()) {
      resize(0);
    }
  }

  /** {@code do_truncate}: privileges are looked for before {@code i_rwsem} is taken. */
  private void resize(long size) throws Ext2Exception {
    boolean privileged = FilePrivileges.exist(inode);
    try (var _ = inode.iRwsem().exclusive()) {
      if (size > volume.geometry().maxFileBytes()) {
        throw new Ext2Exception(Errno.EFBIG, "truncate to " + size);
      }
      if (size != inode.size() && inode.isImmutable()) {
        throw new Ext2Exception(Errno.EPERM, inode + " is immutable");
      }
      if (privileged) {
        FilePrivileges.remove(inode);
      }
      if (size != inode.size()) {
        Truncate.setSize(inode, size);
      }
      inode.times().touch();
    }
  }
}
