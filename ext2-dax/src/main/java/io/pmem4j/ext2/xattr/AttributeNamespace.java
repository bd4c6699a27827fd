// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import org.jspecify.annotations.Nullable;

/** The name spaces of extended attributes that ext2 stores, with their name indexes. */
public enum AttributeNamespace {
  /** Attributes of users, on regular files and directories. */
  USER(1, "user.", false),
  /** The access control list of a file. */
  ACL_ACCESS(2, "system.posix_acl_access", true),
  /** The access control list that files made in a directory get. */
  ACL_DEFAULT(3, "system.posix_acl_default", true),
  /** Attributes for processes with CAP_SYS_ADMIN. */
  TRUSTED(4, "trusted.", false),
  /** Attributes of security modules, and the capabilities of programs. */
  SECURITY(6, "security.", false);

  private final int index;
  private final String prefix;
  private final boolean wholeName;

  AttributeNamespace(int index, String prefix, boolean wholeName) {
    this.index = index;
    this.prefix = prefix;
    this.wholeName = wholeName;
  }

  /** Returns the field {@code e_name_index} of entries of this name space. */
  public int index() {
    return index;
  }

  /** Returns the beginning of the names that users see. */
  public String prefix() {
    return prefix;
  }

  /** Returns true if {@link #prefix} is the whole name, and the name in an entry is empty. */
  public boolean isWholeName() {
    return wholeName;
  }

  /** Returns true for the two kinds of access control lists. */
  public boolean isAcl() {
    return wholeName;
  }

  /** {@code ext2_xattr_handler}: returns null for an index that ext2 has no handler for. */
  public static @Nullable AttributeNamespace of(int index) {
    for (AttributeNamespace each : values()) {
      if (each.index == index) {
        return each;
      }
    }
    return null;
  }
}
