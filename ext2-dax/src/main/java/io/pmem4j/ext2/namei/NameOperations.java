// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.file.DirectOpens;
import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.file.OpenFlags;
import io.pmem4j.ext2.inode.Dentry;
import io.pmem4j.ext2.inode.DentryCache;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;

/** System calls that take a path. Thread-safe. */
public final class NameOperations {
  private final Volume volume;
  private final InodeCache inodes;
  private final NameSpace space;
  private final NewNames newNames;
  private final DirectOpens directOpens;

  /** The operations of a caller. */
  public NameOperations(NameSpace space) {
    this.volume = space.volume();
    this.inodes = space.inodes();
    this.space = space;
    this.newNames = new NewNames(space);
    this.directOpens =
        volume.instrumentation().variation().part(DirectOpens.class, DirectOpens.LINUX_5_10);
  }

  private record Opened(Dentry dentry, boolean created) {
    Ext2Inode inode() {
      return dentry.inode();
    }
  }

  /**
   * open(2) of a regular file or a directory, as root: {@code open_last_lookups} and {@code
   * do_open}.
   *
   * @param mode permissions of a file that is created, before the umask
   * @param onRelease called when the file is no longer in use; not if opening fails
   * @throws Ext2Exception ENOENT, EEXIST, EISDIR, ENOTDIR, ELOOP, EPERM, EROFS, ENOSPC,
   *     ENAMETOOLONG, EIO
   */
  public Ext2File open(String path, OpenFlags flags, int mode, Runnable onRelease)
      throws Ext2Exception {
    if (flags.temporary()) {
      return openUnnamed(path, flags, mode, onRelease);
    }
    Opened opened;
    boolean slash;
    try (PathWalk walk = PathWalk.toParent(space, path)) {
      opened = lookupOrCreate(walk, path, flags, mode);
      slash = walk.slash();
    }
    Ext2Inode inode = opened.inode();
    boolean done = false;
    boolean counted = false;
    try {
      if (!opened.created()) {
        mayCreate(inode, path, flags);
      }
      if ((slash || flags.directory()) && !inode.isDirectory()) {
        // Also of a file that was just created, which stays.
        throw new Ext2Exception(Errno.ENOTDIR, path);
      }
      if (!opened.created()) {
        mayOpen(inode, path, flags);
      }
      requireFile(inode, path, flags);
      Ext2File file =
          new Ext2File(volume, inodes, opened.dentry(), flags, counted(flags, onRelease));
      counted = flags.write();
      if (flags.truncate() && !opened.created()) {
        file.truncateOnOpen();
      }
      done = true;
      return file;
    } finally {
      if (!done) {
        inodes.dentries().put(opened.dentry());
      }
      if (!done && counted) {
        volume.mounted().dropWriter();
      }
    }
  }

  /**
   * Opens an inode, as open(2) does of a path through /proc/self/fd.
   *
   * @param inode with one user, which the file becomes; the caller keeps it if opening fails
   * @param flags O_APPEND is checked here; {@code opened} tells whether the file honours it
   * @param opened the flags of the open file
   * @param onRelease called when the file is no longer in use; not if opening fails
   * @throws Ext2Exception ELOOP, EISDIR, EPERM, EACCES, EROFS, ENXIO
   */
  public Ext2File open(Ext2Inode inode, OpenFlags flags, OpenFlags opened, Runnable onRelease)
      throws Ext2Exception {
    mayOpen(inode, inode.toString(), flags);
    requireFile(inode, inode.toString(), opened);
    return new Ext2File(
        volume, inodes, DentryCache.disconnected(inode), opened, counted(opened, onRelease));
  }

  private Ext2File openUnnamed(String path, OpenFlags flags, int mode, Runnable onRelease)
      throws Ext2Exception {
    if (!flags.isValidTemporary()) {
      throw new Ext2Exception(
          Errno.EINVAL, path + ": flags 0" + Integer.toOctalString(flags.bits()));
    }
    Ext2Inode directory = PathWalk.find(space, path, flags.follows());
    try {
      return openUnnamed(directory, flags, mode, onRelease);
    } finally {
      inodes.put(directory);
    }
  }

  /**
   * Makes a file without a name and opens it, as open(2) does with O_TMPFILE: {@code do_tmpfile}.
   *
   * @param directory has the rules for the new inode
   * @param mode permissions, before the umask
   * @param onRelease called when the file is no longer in use; not if opening fails
   * @throws Ext2Exception ENOTDIR, EPERM, EACCES, EROFS, ENOSPC, EIO
   */
  public Ext2File openUnnamed(Ext2Inode directory, OpenFlags flags, int mode, Runnable onRelease)
      throws Ext2Exception {
    if (!directory.isDirectory()) {
      throw new Ext2Exception(Errno.ENOTDIR, directory.toString());
    }
    Dentry dentry;
    try (var _ = volume.freezeGate().startWrite()) {
      volume.requireWritable();
      Ext2Inode inode = newNames.unnamed(directory, mode, !flags.exclusive());
      dentry = inodes.dentries().unnamed(directory, inode);
    }
    return new Ext2File(volume, inodes, dentry, flags, counted(flags, onRelease));
  }

  /** {@code __mnt_want_write} of an open file, until its last use ends. */
  private Runnable counted(OpenFlags flags, Runnable onRelease) {
    return flags.write() ? volume.mounted().countWriter(onRelease) : onRelease;
  }

  private void requireFile(Ext2Inode inode, String path, OpenFlags flags) throws Ext2Exception {
    Lookups.requireOpen(inode, path);
    directOpens.check(inode, flags);
  }

  private Opened lookupOrCreate(PathWalk walk, String path, OpenFlags flags, int mode)
      throws Ext2Exception {
    while (true) {
      byte[] name = walk.last();
      if (name == null) {
        if (flags.create() && path.chars().allMatch(c -> c == '/')) {
          // The mount point's own name, with a slash behind it.
          throw new Ext2Exception(Errno.EISDIR, path);
        }
        return new Opened(DentryCache.disconnected(inodes.get(walk.directory().number())), false);
      }
      if (walk.slash() && flags.create()) {
        throw new Ext2Exception(Errno.EISDIR, path);
      }
      Opened opened = flags.create() ? openOrCreate(walk, name, mode) : lookup(walk, name);
      boolean follows = walk.slash() || flags.follows();
      if (!follows || !opened.inode().isSymlink()) {
        return opened;
      }
      try {
        walk.follow(opened.inode());
      } finally {
        inodes.dentries().put(opened.dentry());
      }
    }
  }

  /** The part of {@code do_open} for O_CREAT, where something is there already. */
  private static void mayCreate(Ext2Inode inode, String path, OpenFlags flags)
      throws Ext2Exception {
    if (flags.create() && flags.exclusive()) {
      throw new Ext2Exception(Errno.EEXIST, path);
    }
    if (flags.create() && inode.isDirectory()) {
      throw new Ext2Exception(Errno.EISDIR, path);
    }
  }

  /** {@code may_open} of what was there before. */
  private void mayOpen(Ext2Inode inode, String path, OpenFlags flags) throws Ext2Exception {
    if (inode.isSymlink()) {
      throw new Ext2Exception(Errno.ELOOP, path + " is a symbolic link");
    }
    if (inode.isDirectory()) {
      if (flags.wantsWrite()) {
        throw new Ext2Exception(Errno.EISDIR, path);
      }
    }
    Permission.require(volume, space.who(), inode, flags.permissions());
    boolean overwrites = (flags.asksForWrite() && !flags.append()) || flags.truncate();
    if (inode.isAppendOnly() && overwrites) {
      throw new Ext2Exception(Errno.EPERM, path + " is append-only");
    }
    if (flags.keepsAccessTime() && !Permission.isOwner(space.who(), inode)) {
      throw new Ext2Exception(Errno.EPERM, path + " is not the caller's: O_NOATIME");
    }
  }

  private Opened lookup(PathWalk walk, byte[] name) throws Ext2Exception {
    try (var _ = walk.directory().iRwsem().shared()) {
      return found(walk, name);
    }
  }

  private Opened found(PathWalk walk, byte[] name) throws Ext2Exception {
    return new Opened(dentry(walk.directory(), name, walk.childLocked(name)), false);
  }

  /**
   * Only a file is followed through rename(2): a directory has one dentry, a link is not opened.
   */
  private Dentry dentry(Ext2Inode directory, byte[] name, Ext2Inode inode) {
    return inode.isRegular()
        ? inodes.dentries().get(directory, name, inode)
        : DentryCache.disconnected(inode);
  }

  /** {@code lookup_open}: a file that cannot be created may still be there to be opened. */
  private Opened openOrCreate(PathWalk walk, byte[] name, int mode) throws Ext2Exception {
    Ext2Inode directory = walk.directory();
    try (var _ = volume.freezeGate().startWrite();
        var _ = directory.iRwsem().exclusive()) {
      if (walk.inoLocked(name) != 0) {
        return found(walk, name);
      }
      volume.requireWritable();
      Permission.mayCreate(space, directory);
      int permissions = newNames.permissions(directory, mode);
      Ext2Inode made =
          newNames.nondirectory(
              directory, name, FileMode.REGULAR | permissions, NewNames.Content.NONE);
      return new Opened(dentry(directory, name, made), true);
    }
  }

  /**
   * Removes a name, as unlink(2) does. The file's blocks go with its last user.
   *
   * @throws Ext2Exception EISDIR, EROFS, ENOENT, ENOTDIR, EPERM, EIO
   */
  public void unlink(String path) throws Ext2Exception {
    try (PathWalk walk = PathWalk.toParent(space, path)) {
      byte[] name = walk.last();
      if (name == null) {
        throw new Ext2Exception(Errno.EISDIR, path);
      }
      try (var _ = volume.freezeGate().startWrite()) {
        Ext2Inode inode;
        try (var _ = walk.directory().iRwsem().exclusive()) {
          volume.requireWritable();
          inode = walk.childLocked(name);
          boolean done = false;
          try {
            unlinkLocked(walk, name, inode, path);
            done = true;
          } finally {
            if (!done) {
              inodes.put(inode);
            }
          }
        }
        // As in the kernel eviction comes when the directory is free again, but inside the gate.
        inodes.put(inode);
      }
    }
  }

  /** {@code do_unlinkat}, {@code may_delete} and {@code ext2_unlink}. */
  private void unlinkLocked(PathWalk walk, byte[] name, Ext2Inode inode, String path)
      throws Ext2Exception {
    if (walk.slash()) {
      throw new Ext2Exception(inode.isDirectory() ? Errno.EISDIR : Errno.ENOTDIR, path);
    }
    Ext2Inode directory = walk.directory();
    Permission.mayDelete(space, directory, inode, false);
    try (HeldLock _ = inode.iRwsem().exclusive()) {
      new DirectoryBlocks(volume, directory).delete(name);
      inode.times().ctime(directory.times().ctime());
      inode.dropLink();
      inodes.dentries().drop(directory, name);
    }
  }
}
