// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;

/** The lock under which {@code ext2_fsync} writes the inode. */
public enum FsyncLock {
  /** {@code generic_file_fsync}: {@code i_rwsem}. */
  LINUX_5_10,
  /** {@code generic_buffers_fsync}, since Linux 6.5: {@code I_SYNC} alone. */
  LINUX_6_12;

  /** Writes an inode that is dirty. */
  void writeOut(InodeCache inodes, Ext2Inode inode, boolean dataOnly) throws Ext2Exception {
    if (this == LINUX_6_12) {
      inodes.writeOutIfDirty(inode, dataOnly);
      return;
    }
    try (var _ = inode.iRwsem().exclusive()) {
      inodes.writeOutIfDirty(inode, dataOnly);
    }
  }
}
