// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import org.jspecify.annotations.Nullable;

/**
 * Attributes of an inode to set: {@code struct iattr}. Null leaves one as it is.
 *
 * @param mode permissions; the type stays
 * @param uid the owner
 * @param gid the group
 * @param atime seconds of the last access
 * @param mtime seconds of the last change of the data
 */
public record InodeAttributes(
    @Nullable Integer mode,
    @Nullable Integer uid,
    @Nullable Integer gid,
    @Nullable Long atime,
    @Nullable Long mtime) {

  /** The bits of {@code old_encode_dev}. */
  private static final int OLD_DEVICE_MASK = 0xffff;

  /**
   * {@code setattr_copy}: the inode gets them, and ctime; an access control list follows the mode.
   * The caller holds {@code i_rwsem}.
   *
   * @throws Ext2Exception EIO, ENOSPC, EINVAL of the access control list
   */
  public void applyTo(Ext2Inode inode, Credentials who) throws Ext2Exception {
    inode.iRwsem().assertHeldExclusively();
    if (uid != null) {
      inode.uid = uid;
    }
    if (gid != null) {
      inode.gid = gid;
    }
    if (mode != null) {
      inode.mode = (inode.mode & FileMode.TYPE_MASK) | (mode & FileMode.PERMISSIONS);
      if (FileMode.isPrivileged(mode)) {
        inode.attributes().hasNoSecurity(false);
      }
    }
    inode.times().set(atime, mtime);
    if (mode != null) {
      inode.acls().chmod(who);
    }
  }

  /** Returns {@code i_rdev} as {@code new_encode_dev} has it; 0 for what is no device. */
  public static int device(Ext2Inode inode) {
    if (!FileMode.isDevice(inode.mode)) {
      return 0;
    }
    return inode.data[0] != 0 ? inode.data[0] & OLD_DEVICE_MASK : inode.data[1];
  }

  /** The flags that FS_IOC_GETFLAGS shows: EXT2_FL_USER_VISIBLE. */
  public static int flags(Ext2Inode inode) {
    return inode.flags & InodeFlags.USER_VISIBLE;
  }

  /** Returns true if flags change one of immutable and append-only. */
  public static boolean changesProtection(Ext2Inode inode, int flags) {
    int wanted = InodeFlags.masked(inode.mode, flags);
    return ((wanted ^ inode.flags) & (InodeFlags.IMMUTABLE | InodeFlags.APPEND)) != 0;
  }

  /** Sets the flags that FS_IOC_SETFLAGS can set, and ctime; the caller holds {@code i_rwsem}. */
  public static void flags(Ext2Inode inode, int flags, SettableFlags rule) {
    inode.iRwsem().assertHeldExclusively();
    int wanted = rule.of(inode.mode, flags) & InodeFlags.USER_MODIFIABLE;
    inode.flags = wanted | (inode.flags & ~InodeFlags.USER_MODIFIABLE);
    inode.times().set(null, null);
  }
}
