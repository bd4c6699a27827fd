// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.acl;

/** The moment at which setxattr(2) reads an access control list. */
public enum AclReading {
  /** Linux 5.10: {@code posix_acl_xattr_set}, after the inode has permitted the change. */
  LINUX_5_10,
  /** Since Linux 6.2, {@code do_set_acl}: before that. */
  LINUX_6_12;

  /** Returns true if the list is read before the inode is asked. */
  public boolean isFirst() {
    return this == LINUX_6_12;
  }
}
