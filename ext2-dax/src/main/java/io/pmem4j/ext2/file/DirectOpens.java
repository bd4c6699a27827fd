// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;

/** The inodes that open(2) takes O_DIRECT for: {@code FMODE_CAN_ODIRECT}. */
public enum DirectOpens {
  /** Linux 5.10: all, as {@code ext2_aops} has a direct_IO, and directories have the same. */
  LINUX_5_10,
  /** Since Linux 6.6 {@code ext2_file_open} says so, which directories do not call. */
  LINUX_6_12;

  /**
   * The end of {@code do_dentry_open}.
   *
   * @throws Ext2Exception EINVAL
   */
  public void check(Ext2Inode inode, OpenFlags flags) throws Ext2Exception {
    if (this == LINUX_6_12 && flags.direct() && inode.isDirectory()) {
      throw new Ext2Exception(Errno.EINVAL, inode + ": a directory, open with O_DIRECT");
    }
  }
}
