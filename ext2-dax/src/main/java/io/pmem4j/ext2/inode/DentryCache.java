// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of open files: the dcache, without the names that nobody uses and without those of
 * directories, whose one parent {@link DirectoryState} has. Thread-safe. Names of a directory are
 * added under its {@code i_rwsem}, and removed or moved under the exclusive one.
 */
public final class DentryCache {
  private final InodeCache inodes;

  /** Guarded by the monitor, under which nothing is waited for. */
  private final Map<Dentry.Name, Dentry> names = new HashMap<>();

  DentryCache(InodeCache inodes) {
    this.inodes = inodes;
  }

  /**
   * {@code d_alloc} or {@code dget}: the dentry of a name. The caller holds the directory's {@code
   * i_rwsem}.
   *
   * @param inode what the name leads to, with one user, which becomes the dentry's
   */
  public synchronized Dentry get(Ext2Inode directory, byte[] bytes, Ext2Inode inode) {
    Dentry.Name name = Dentry.Name.of(directory, bytes);
    Dentry known = names.get(name);
    if (known != null && known.inode() == inode) {
      known.users++;
      return known;
    }
    drop(directory, bytes);
    inodes.share(directory);
    Dentry made = new Dentry(inode, directory, name);
    names.put(name, made);
    return made;
  }

  /** {@code d_tmpfile}: the dentry of a file that was made without a name in a directory. */
  public Dentry unnamed(Ext2Inode directory, Ext2Inode inode) {
    inodes.share(directory);
    return new Dentry(inode, directory, null);
  }

  /** {@code d_obtain_alias}: the dentry of an inode that was found by its number. */
  public static Dentry disconnected(Ext2Inode inode) {
    return new Dentry(inode, null, null);
  }

  /** {@code d_drop}: the name was removed. What is open by it keeps its directory. */
  public synchronized void drop(Ext2Inode directory, byte[] bytes) {
    Dentry dropped = names.remove(Dentry.Name.of(directory, bytes));
    if (dropped != null) {
      dropped.hashed = null;
    }
  }

  /**
   * {@code d_move}: a file has another name, which may have been another file's. The caller has a
   * user of both directories.
   */
  public synchronized void move(Ext2Inode from, byte[] oldBytes, Ext2Inode to, byte[] newBytes) {
    drop(to, newBytes);
    Dentry moved = names.remove(Dentry.Name.of(from, oldBytes));
    if (moved == null) {
      return;
    }
    Dentry.Name name = Dentry.Name.of(to, newBytes);
    names.put(name, moved);
    moved.hashed = name;
    inodes.share(to);
    moved.parent = to;
    inodes.unshare(from);
  }

  /**
   * {@code dput}: one user less of the name and of the inode; the last one of the name lets go of
   * its directory. The caller holds no lock of a file.
   */
  public void put(Dentry dentry) throws Ext2Exception {
    try {
      inodes.put(dentry.inode());
    } finally {
      Ext2Inode parent = dropUser(dentry);
      if (parent != null) {
        inodes.put(parent);
      }
    }
  }

  private synchronized @Nullable Ext2Inode dropUser(Dentry dentry) {
    if (--dentry.users > 0) {
      return null;
    }
    if (dentry.hashed != null) {
      names.remove(dentry.hashed);
    }
    return dentry.parent;
  }
}
