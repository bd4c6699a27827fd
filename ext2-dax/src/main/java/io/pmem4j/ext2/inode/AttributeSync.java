// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

/** The way in which {@code ext2_xattr_set2} makes the inode durable with {@code IS_SYNC}. */
public enum AttributeSync {
  /** Linux 5.10: the inode is written if something else has marked it, so that ctime may stay. */
  LINUX_5_10,
  /** Linux 6.1: the inode is marked for its ctime. */
  LINUX_6_1;

  boolean marks() {
    return this == LINUX_6_1;
  }
}
