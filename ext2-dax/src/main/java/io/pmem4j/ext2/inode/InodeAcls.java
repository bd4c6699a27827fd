// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.acl.AclFormat;
import io.pmem4j.ext2.acl.PosixAcl;
import io.pmem4j.ext2.xattr.AttributeNamespace;
import org.jspecify.annotations.Nullable;

/**
 * The access control lists of an inode: acl.c of ext2, with the part of posix_acl.c that knows
 * inodes. A list that was read or set is kept: {@code i_acl}, {@code i_default_acl}. Thread-safe;
 * changes are made under {@code i_rwsem}.
 */
public final class InodeAcls {
  private final Ext2Inode inode;

  /** Null until it was read or set. */
  private volatile @Nullable Known access;

  private volatile @Nullable Known inherited;

  /** A list that was read or set; null is none. */
  private record Known(@Nullable PosixAcl acl) {
    static final Known NONE = new Known(null);
  }

  InodeAcls(Ext2Inode inode) {
    this.inode = inode;
  }

  /**
   * Returns the list that judges callers: {@code get_acl}.
   *
   * @return null if the mode alone judges them
   * @throws Ext2Exception EINVAL for a damaged list, EIO
   */
  public @Nullable PosixAcl access() throws Ext2Exception {
    Known known = access;
    if (known == null) {
      known = read(AttributeNamespace.ACL_ACCESS);
      access = known;
    }
    return known.acl();
  }

  /**
   * Returns the list that new files of this directory get.
   *
   * @return null if there is none
   * @throws Ext2Exception EINVAL for a damaged list, EIO
   */
  public @Nullable PosixAcl inherited() throws Ext2Exception {
    Known known = inherited;
    if (known == null) {
      known = read(AttributeNamespace.ACL_DEFAULT);
      inherited = known;
    }
    return known.acl();
  }

  private Known read(AttributeNamespace kind) throws Ext2Exception {
    byte[] value = inode.attributes().get(kind, "");
    // As in the kernel an empty value is no list.
    return value == null || value.length == 0 ? Known.NONE : new Known(AclFormat.fromDisk(value));
  }

  /** Stores a list, or removes it: {@code __ext2_set_acl}. */
  private void store(AttributeNamespace kind, @Nullable PosixAcl acl) throws Ext2Exception {
    inode.attributes().set(kind, "", acl == null ? null : AclFormat.toDisk(acl), 0);
    if (kind == AttributeNamespace.ACL_ACCESS) {
      access = new Known(acl);
    } else {
      inherited = new Known(acl);
    }
  }

  /**
   * Sets or removes a list: {@code set_posix_acl} after its questions, {@code ext2_set_acl}. A list
   * that a mode can say becomes the mode alone. The caller holds {@code i_rwsem}.
   *
   * @param acl null removes it, and leaves the mode
   * @throws Ext2Exception EACCES for a default list of what is no directory, ENOSPC, EIO
   */
  public void set(AttributeNamespace kind, @Nullable PosixAcl acl, Credentials who)
      throws Ext2Exception {
    if (kind == AttributeNamespace.ACL_DEFAULT) {
      if (inode.isDirectory()) {
        store(kind, acl);
      } else if (acl != null) {
        throw new Ext2Exception(Errno.EACCES, inode + " is no directory");
      }
      return;
    }
    if (acl == null) {
      store(kind, null);
      return;
    }
    int mode = acl.modeOf(inode.mode);
    if (!who.isInGroup(inode.gid) && !who.has(Capability.FSETID)) {
      mode &= ~FileMode.SET_GID;
    }
    store(kind, acl.isEquivalentToMode() ? null : acl);
    inode.mode = mode;
    inode.times().ctime(inode.volume().now());
  }

  /** {@code posix_acl_chmod}: the list follows the mode that was just set. */
  void chmod(Credentials who) throws Ext2Exception {
    if (!inode.volume().posixAcl() || inode.isSymlink()) {
      return;
    }
    PosixAcl acl = access();
    if (acl != null) {
      set(AttributeNamespace.ACL_ACCESS, acl.chmod(inode.mode), who);
    }
  }

  /**
   * Gives a new inode the lists that its directory says, and takes from its mode what these do not
   * allow, or the umask where there are none: {@code ext2_init_acl}.
   *
   * @param umask the mask of the caller
   * @throws Ext2Exception ENOSPC, EINVAL or EIO for a damaged list
   */
  public void init(Ext2Inode directory, int umask) throws Ext2Exception {
    access = Known.NONE;
    inherited = Known.NONE;
    if (inode.isSymlink() || !inode.volume().posixAcl()) {
      return;
    }
    PosixAcl acl = directory.acls().inherited();
    if (acl == null) {
      inode.mode &= ~umask;
      return;
    }
    PosixAcl.Masked masked = acl.create(inode.mode);
    inode.mode = masked.mode();
    if (inode.isDirectory()) {
      store(AttributeNamespace.ACL_DEFAULT, acl);
    }
    if (!masked.acl().isEquivalentToMode()) {
      store(AttributeNamespace.ACL_ACCESS, masked.acl());
    }
  }
}
