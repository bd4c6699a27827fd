// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.file.OpenFlags;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.FileMode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.Held;

/** System calls that take a path. Thread-safe. */
public final class NameOperations {
  private final Volume volume;
  private final InodeCache inodes;
  private final PathWalk walk;

  /** The operations of a volume. */
  public NameOperations(Volume volume, InodeCache inodes, Ext2Inode root) {
    this.volume = volume;
    this.inodes = inodes;
    this.walk = new PathWalk(volume, inodes, root);
  }

  private record Opened(Ext2Inode inode, boolean created) {}

  /**
   * open(2) of a regular file, as root.
   *
   * @param mode permissions of a file that is created, before the umask
   * @param onRelease called when the file is no longer in use; not if opening fails
   * @throws Ext2Exception ENOENT, EEXIST, EISDIR, ENOTDIR, ENOSPC, ENAMETOOLONG, EIO
   */
  public Ext2File open(String path, OpenFlags flags, int mode, Runnable onRelease)
      throws Ext2Exception {
    PathWalk.Last last = walk.toLast(path);
    Opened opened;
    try {
      if (path.endsWith("/") && flags.create()) {
        throw new Ext2Exception(Errno.EISDIR, path);
      }
      opened = flags.create() ? openOrCreate(last, path, flags, mode) : lookup(last, path);
    } finally {
      inodes.put(last.directory());
    }
    Ext2Inode inode = opened.inode();
    boolean done = false;
    try {
      if (inode.isDirectory()) {
        throw new Ext2Exception(Errno.EISDIR, path);
      }
      if (path.endsWith("/")) {
        throw new Ext2Exception(Errno.ENOTDIR, path);
      }
      if (!inode.isRegular()) {
        throw new UnsupportedFeatureException(
            "special files", path + " is neither a regular file nor a directory");
      }
      Ext2File file = new Ext2File(volume, inodes, inode, flags, onRelease);
      if (flags.truncate() && !opened.created()) {
        file.truncateOnOpen();
      }
      done = true;
      return file;
    } finally {
      if (!done) {
        inodes.put(inode);
      }
    }
  }

  private Opened lookup(PathWalk.Last last, String path) throws Ext2Exception {
    try (var _ = last.directory().iRwsem().shared()) {
      return new Opened(walk.childLocked(last.directory(), last.name(), path), false);
    }
  }

  private Opened openOrCreate(PathWalk.Last last, String path, OpenFlags flags, int mode)
      throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite();
        var _ = last.directory().iRwsem().exclusive()) {
      if (new DirectoryBlocks(volume, last.directory()).lookup(last.name()) == 0) {
        int permissions = mode & FileMode.PERMISSIONS & ~volume.options().umask();
        return new Opened(create(last, FileMode.REGULAR | permissions), true);
      }
      if (flags.exclusive()) {
        throw new Ext2Exception(Errno.EEXIST, path);
      }
      return new Opened(walk.childLocked(last.directory(), last.name(), path), false);
    }
  }

  /** {@code ext2_create}: an inode that gets no name loses its link and goes again. */
  private Ext2Inode create(PathWalk.Last last, int mode) throws Ext2Exception {
    Ext2Inode inode = inodes.create(last.directory(), mode);
    boolean done = false;
    try {
      new DirectoryBlocks(volume, last.directory()).add(last.name(), inode);
      done = true;
      return inode;
    } finally {
      if (!done) {
        try (var _ = inode.iRwsem().exclusive()) {
          inode.dropLink();
        }
        inodes.put(inode);
      }
    }
  }

  /**
   * unlink(2). The file's blocks go with its last user.
   *
   * @throws Ext2Exception ENOENT, EISDIR, ENOTDIR, EIO
   */
  public void unlink(String path) throws Ext2Exception {
    PathWalk.Last last = walk.toLast(path);
    Ext2Inode directory = last.directory();
    Ext2Inode inode;
    try (var _ = volume.freezeGate().startWrite()) {
      try (var _ = directory.iRwsem().exclusive()) {
        inode = walk.childLocked(directory, last.name(), path);
        boolean done = false;
        try {
          unlinkLocked(last, inode, path);
          done = true;
        } finally {
          if (!done) {
            inodes.put(inode);
          }
        }
      } finally {
        inodes.put(directory);
      }
      // As in the kernel eviction comes when the directory is free again, but inside the gate.
      inodes.put(inode);
    }
  }

  private void unlinkLocked(PathWalk.Last last, Ext2Inode inode, String path) throws Ext2Exception {
    if (inode.isDirectory()) {
      throw new Ext2Exception(Errno.EISDIR, path);
    }
    if (path.endsWith("/")) {
      throw new Ext2Exception(Errno.ENOTDIR, path);
    }
    if (inode.hasAttributeBlock()) {
      throw new UnsupportedFeatureException(
          "extended attributes", path + " has a block of extended attributes");
    }
    try (Held _ = inode.iRwsem().exclusive()) {
      new DirectoryBlocks(volume, last.directory()).delete(last.name());
      inode.ctime(last.directory().ctime());
      inode.dropLink();
    }
  }
}
