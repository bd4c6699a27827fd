// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.UnsupportedFeatureException;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.Symlink;

/** System calls that only ask about a path: statx(2), readlink(2), faccessat(2). Thread-safe. */
public final class Lookups {
  private static final int PERMISSION_BITS = 7;

  private final NameSpace space;

  /** The operations of a caller. */
  public Lookups(NameSpace space) {
    this.space = space;
  }

  /** Something that is asked of an inode. */
  @FunctionalInterface
  public interface Question<T> {
    /** Returns the answer. */
    T of(Ext2Inode inode) throws Ext2Exception;
  }

  /**
   * Asks the inode that a path leads to.
   *
   * @param follow whether a symbolic link at the end is followed
   * @throws Ext2Exception those of a walk
   */
  public <T> T ask(String path, boolean follow, Question<T> question) throws Ext2Exception {
    Ext2Inode inode = PathWalk.find(space, path, follow);
    try {
      return question.of(inode);
    } finally {
      space.inodes().put(inode);
    }
  }

  /**
   * Asks an inode as a call on an open file does, which a path leads to.
   *
   * @throws Ext2Exception EACCES, ENXIO for a socket or a device, and those of a walk
   */
  public <T> T askOpen(String path, Question<T> question) throws Ext2Exception {
    return ask(
        path,
        true,
        inode -> {
          Permission.require(space.volume(), space.who(), inode, Permission.READ);
          requireOpen(inode, path);
          return question.of(inode);
        });
  }

  /** Requires a file that open(2) can open; no device has a driver. */
  static void requireOpen(Ext2Inode inode, String path) throws Ext2Exception {
    if (FileMode.hasNoOpen(inode.mode())) {
      throw new Ext2Exception(
          Errno.ENXIO, path + " has mode 0" + Integer.toOctalString(inode.mode()));
    }
    if (!inode.isRegular() && !inode.isDirectory()) {
      throw new UnsupportedFeatureException(
          "named pipes", path + " is neither a regular file nor a directory");
    }
  }

  /**
   * Finds the inode of a name, as lookup of a directory does.
   *
   * @return the inode, with one user more
   * @throws Ext2Exception ENOENT and those of a walk
   */
  public Ext2Inode find(String name) throws Ext2Exception {
    return PathWalk.find(space, name, false);
  }

  /**
   * Returns the inode of an entry that was read from {@link NameSpace#start}.
   *
   * @return the inode, with one user more
   * @throws Ext2Exception ESTALE, EUCLEAN, EINVAL
   */
  public Ext2Inode entry(int ino) throws Ext2Exception {
    return PathWalk.alias(space, space.start(), space.inodes().get(ino));
  }

  /**
   * Reads where a symbolic link leads to, as readlink(2) does.
   *
   * @throws Ext2Exception EINVAL for what is none, EIO, and those of a walk
   */
  public byte[] readlink(String path) throws Ext2Exception {
    return ask(path, false, Lookups::target);
  }

  /** Returns the target of a symbolic link; throws EINVAL for what is none. */
  public static byte[] target(Ext2Inode inode) throws Ext2Exception {
    if (!inode.isSymlink()) {
      throw new Ext2Exception(Errno.EINVAL, inode + " is no symbolic link");
    }
    return Symlink.target(inode);
  }

  /**
   * Asks for permission, as faccessat(2) does with AT_EACCESS.
   *
   * @param mask 4 to read, 2 to write, 1 to execute or search; 0 asks whether it is there
   * @throws Ext2Exception EINVAL, EACCES, EROFS, EPERM, and those of a walk
   */
  public void access(String path, int mask) throws Ext2Exception {
    if ((mask & ~PERMISSION_BITS) != 0) {
      throw new Ext2Exception(Errno.EINVAL, "access " + mask);
    }
    ask(
        path,
        true,
        inode -> {
          Permission.require(space.volume(), space.who(), inode, mask);
          return true;
        });
  }
}
