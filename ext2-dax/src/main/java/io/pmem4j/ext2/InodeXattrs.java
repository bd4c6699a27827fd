// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.namei.AttributeCalls;
import io.pmem4j.ext2.namei.NameSpace;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The calls on extended attributes of inodes by number, for a client that judges permissions. Names
 * have the prefix of their name space. Thread-safe.
 */
public final class InodeXattrs {
  /** Belongs to no group, and yet may do all but keep a set-group-id bit. */
  private static final Credentials DROPS_SET_GID =
      new Credentials(0, -1, Set.of(), EnumSet.complementOf(EnumSet.of(Capability.FSETID)));

  private final Ext2FileSystem fs;
  private final NodeTable nodes;
  private final NameSpace space;

  InodeXattrs(Ext2FileSystem fs, NodeTable nodes, NameSpace space) {
    this.fs = fs;
    this.nodes = nodes;
    this.space = space;
  }

  private AttributeCalls as(Credentials who) {
    return new AttributeCalls(space.as(who));
  }

  /**
   * Sets an attribute.
   *
   * @param flags 0, 1 to fail if it exists, 2 to fail if it does not
   * @param dropsSetGid whether an access control list takes the set-group-id bit away
   * @throws Ext2Exception EEXIST, ENODATA, ENOSPC, ERANGE, E2BIG, EINVAL, EPERM, EOPNOTSUPP, EROFS
   */
  public void set(int ino, byte[] name, byte[] value, int flags, boolean dropsSetGid)
      throws Ext2Exception {
    fs.call(() -> {
      as(dropsSetGid ? DROPS_SET_GID : Credentials.ROOT).set(nodes.get(ino), name, value, flags);
      return true;
    });
  }

  /**
   * Returns the value of an attribute.
   *
   * @throws Ext2Exception ENODATA, ERANGE, EINVAL, EOPNOTSUPP, EIO
   */
  public byte[] get(int ino, byte[] name) throws Ext2Exception {
    return fs.call(() -> as(Credentials.ROOT).get(nodes.get(ino), name));
  }

  /**
   * Returns the names of the attributes.
   *
   * @param all true for a client that may know of those of the name space trusted
   * @throws Ext2Exception EIO
   */
  public List<byte[]> list(int ino, boolean all) throws Ext2Exception {
    Credentials who = all ? Credentials.ROOT : Credentials.user(0, 0);
    return fs.call(() -> as(who).list(nodes.get(ino)));
  }

  /**
   * Removes an attribute.
   *
   * @throws Ext2Exception ENODATA, ERANGE, EINVAL, EPERM, EOPNOTSUPP, EROFS, EIO
   */
  public void remove(int ino, byte[] name) throws Ext2Exception {
    fs.call(() -> {
      as(Credentials.ROOT).remove(nodes.get(ino), name);
      return true;
    });
  }

  /** Returns true if the mount has access control lists. */
  public boolean hasAcls() {
    return space.volume().posixAcl();
  }
}
