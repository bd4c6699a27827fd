// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.acl;

/**
 * An entry of an access control list: {@code struct posix_acl_entry}.
 *
 * @param tag one of the constants
 * @param permissions 4 to read, 2 to write, 1 to execute or search
 * @param id the user or the group; {@link #NO_ID} for the other tags
 */
public record AclEntry(int tag, int permissions, int id) {
  /** The tag of the owner, ACL_USER_OBJ. */
  public static final int USER_OBJ = 0x01;

  /** The tag of a user, ACL_USER. */
  public static final int USER = 0x02;

  /** The tag of the owning group, ACL_GROUP_OBJ. */
  public static final int GROUP_OBJ = 0x04;

  /** The tag of a group, ACL_GROUP. */
  public static final int GROUP = 0x08;

  /** The tag of the most that users and groups get, ACL_MASK. */
  public static final int MASK = 0x10;

  /** The tag of all others, ACL_OTHER. */
  public static final int OTHER = 0x20;

  /** The id of entries that have none, ACL_UNDEFINED_ID. */
  public static final int NO_ID = -1;

  boolean hasId() {
    return tag == USER || tag == GROUP;
  }

  boolean isKnown() {
    return switch (tag) {
      case USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER -> true;
      default -> false;
    };
  }

  AclEntry with(int other) {
    return new AclEntry(tag, other, id);
  }
}
