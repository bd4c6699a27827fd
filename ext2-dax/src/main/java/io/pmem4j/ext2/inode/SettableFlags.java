// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

/** The flags that FS_IOC_SETFLAGS gives to a file of a type. */
public enum SettableFlags {
  /** Linux 5.10: those that a file of the type can have, {@code ext2_mask_flags}. */
  LINUX_5_10,
  /** Since Linux 5.13, {@code ext2_fileattr_set}: those of directories too. */
  LINUX_6_1;

  int of(int mode, int flags) {
    return this == LINUX_5_10 ? InodeFlags.masked(mode, flags) : flags;
  }
}
