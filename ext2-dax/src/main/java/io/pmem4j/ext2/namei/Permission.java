// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.acl.PosixAcl;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.volume.Volume;

/** The VFS's questions about permission: {@code inode_permission} and those made of it. */
final class Permission {
  static final int EXECUTE = 1;
  static final int WRITE = 2;
  static final int READ = 4;

  private static final int OWNER_SHIFT = 6;
  private static final int GROUP_SHIFT = 3;
  private static final int ANY_EXECUTE = 0111;

  private Permission() {}

  /**
   * Checks the permission of a caller on an inode: {@code inode_permission}.
   *
   * @param mask of {@link #READ}, {@link #WRITE} and {@link #EXECUTE}
   * @throws Ext2Exception EROFS, EPERM for writing to an immutable file, EACCES
   */
  static void require(Volume volume, Credentials who, Ext2Inode inode, int mask)
      throws Ext2Exception {
    if ((mask & WRITE) != 0) {
      if (inode.isRegular() || inode.isDirectory() || inode.isSymlink()) {
        volume.requireWritable();
      }
      if (inode.isImmutable()) {
        throw new Ext2Exception(Errno.EPERM, inode + " is immutable");
      }
    }
    if (!allows(volume, who, inode, mask)) {
      throw new Ext2Exception(
          Errno.EACCES,
          "%s: mode 0%o, owner %d:%d, asked for 0%o by %d:%d"
              .formatted(
                  inode, inode.mode(), inode.uid(), inode.gid(), mask, who.uid(), who.gid()));
    }
  }

  /** {@code generic_permission}: EINVAL and EIO are those of a damaged access control list. */
  private static boolean allows(Volume volume, Credentials who, Ext2Inode inode, int mask)
      throws Ext2Exception {
    return modeAllows(volume, who, inode, mask) || overrides(who, inode, mask);
  }

  /** {@code acl_permission_check}: the owner has what the mode says, whatever a list says. */
  private static boolean modeAllows(Volume volume, Credentials who, Ext2Inode inode, int mask)
      throws Ext2Exception {
    int mode = inode.mode();
    if (who.uid() == inode.uid()) {
      return (mask & ~(mode >> OWNER_SHIFT)) == 0;
    }
    if (volume.posixAcl() && (mode & FileMode.GROUP_BITS) != 0 && !inode.isSymlink()) {
      PosixAcl acl = inode.acls().access();
      if (acl != null) {
        return acl.allows(who, inode.uid(), inode.gid(), mask);
      }
    }
    if (who.isInGroup(inode.gid())) {
      mode >>= GROUP_SHIFT;
    }
    return (mask & ~mode) == 0;
  }

  /** The part of {@code generic_permission} that asks for capabilities. */
  private static boolean overrides(Credentials who, Ext2Inode inode, int mask) {
    boolean searches = inode.isDirectory() ? (mask & WRITE) == 0 : mask == READ;
    if (searches && who.has(Capability.DAC_READ_SEARCH)) {
      return true;
    }
    boolean overridable =
        inode.isDirectory() || (mask & EXECUTE) == 0 || (inode.mode() & ANY_EXECUTE) != 0;
    return overridable && who.has(Capability.DAC_OVERRIDE);
  }

  /** Returns true if the set-group-id bit may stay or come: {@code in_group_or_capable}. */
  static boolean keepsSetGid(Credentials who, int gid) {
    return who.isInGroup(gid) || who.has(Capability.FSETID);
  }

  /** Returns true for the owner and for CAP_FOWNER: {@code inode_owner_or_capable}. */
  static boolean isOwner(Credentials who, Ext2Inode inode) {
    return who.uid() == inode.uid() || who.has(Capability.FOWNER);
  }

  /**
   * Checks that a name that does not exist may be made: {@code may_create}.
   *
   * @throws Ext2Exception ENOENT, EROFS, EPERM, EACCES
   */
  static void mayCreate(NameSpace space, Ext2Inode directory) throws Ext2Exception {
    if (directory.inDirectory().isDead()) {
      throw new Ext2Exception(Errno.ENOENT, directory + " was removed");
    }
    require(space.volume(), space.who(), directory, WRITE | EXECUTE);
  }

  /**
   * Checks that a name may be removed: {@code may_delete}.
   *
   * @param wantsDirectory whether the name is to be one of a directory
   * @throws Ext2Exception EROFS, EPERM, EACCES, ENOTDIR, EISDIR, EBUSY, ENOENT
   */
  static void mayDelete(
      NameSpace space, Ext2Inode directory, Ext2Inode victim, boolean wantsDirectory)
      throws Ext2Exception {
    require(space.volume(), space.who(), directory, WRITE | EXECUTE);
    if (directory.isAppendOnly()) {
      throw new Ext2Exception(Errno.EPERM, directory + " is append-only");
    }
    if (isProtectedBySticky(space.who(), directory, victim)
        || victim.isAppendOnly()
        || victim.isImmutable()) {
      throw new Ext2Exception(
          Errno.EPERM, victim + ": immutable, append-only, or another's in a sticky directory");
    }
    if (wantsDirectory) {
      if (!victim.isDirectory()) {
        throw new Ext2Exception(Errno.ENOTDIR, victim + " is no directory");
      }
      if (victim == space.root()) {
        throw new Ext2Exception(Errno.EBUSY, "the root directory");
      }
    } else if (victim.isDirectory()) {
      throw new Ext2Exception(Errno.EISDIR, victim + " is a directory");
    }
    if (directory.inDirectory().isDead()) {
      throw new Ext2Exception(Errno.ENOENT, directory + " was removed");
    }
  }

  /**
   * {@code may_linkat} with {@code protected_hardlinks}, which Debian's kernel sets: another's file
   * gets a name only if it is an ordinary one that the caller may read and write.
   *
   * @throws Ext2Exception EPERM
   */
  static void mayLink(NameSpace space, Ext2Inode inode) throws Ext2Exception {
    int groupProgram = FileMode.SET_GID | FileMode.GROUP_EXECUTE;
    boolean ordinary =
        inode.isRegular()
            && (inode.mode() & FileMode.SET_UID) == 0
            && (inode.mode() & groupProgram) != groupProgram
            && allows(space.volume(), space.who(), inode, READ | WRITE)
            && !inode.isImmutable();
    if (!ordinary && !isOwner(space.who(), inode)) {
      throw new Ext2Exception(Errno.EPERM, inode + " belongs to " + inode.uid());
    }
  }

  /**
   * {@code may_follow_link} with {@code protected_symlinks}, which Debian's kernel sets: in a
   * sticky directory that everybody writes to only links of its owner and of the caller are
   * followed.
   *
   * @throws Ext2Exception EACCES
   */
  static void mayFollow(Credentials who, Ext2Inode directory, Ext2Inode link) throws Ext2Exception {
    int shared = FileMode.STICKY | 0002;
    if (who.uid() != link.uid()
        && (directory.mode() & shared) == shared
        && directory.uid() != link.uid()) {
      throw new Ext2Exception(Errno.EACCES, link + ": another's link in a sticky directory");
    }
  }

  /** Returns true if the sticky bit keeps the name: {@code check_sticky}. */
  private static boolean isProtectedBySticky(
      Credentials who, Ext2Inode directory, Ext2Inode victim) {
    return (directory.mode() & FileMode.STICKY) != 0
        && victim.uid() != who.uid()
        && directory.uid() != who.uid()
        && !who.has(Capability.FOWNER);
  }
}
