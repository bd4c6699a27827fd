// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.inode.DirectoryState;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.inode.Symlink;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.volume.Volume;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One walk along a path: {@code struct nameidata} with {@code link_path_walk}. It begins at {@link
 * NameSpace#start} whether or not the path has a leading slash; an absolute link leads to the root.
 * Belongs to one task, which closes it.
 */
final class PathWalk implements AutoCloseable {
  /** With the NUL that ends a path. */
  private static final int PATH_MAX = 4096;

  /** The limit of symbolic links in a walk, MAXSYMLINKS. */
  private static final int MOST_LINKS = 40;

  /** The kind of the last component of a path. */
  enum Last {
    /** A name: {@code LAST_NORM}. */
    NAME,
    /** The directory itself, by a dot. */
    DOT,
    /** The directory above. */
    DOT_DOT,
    /** Nothing but slashes. */
    ROOT
  }

  private final NameSpace space;
  private final Volume volume;
  private final InodeCache inodes;

  private final Deque<byte[]> rest = new ArrayDeque<>();
  private Ext2Inode directory;
  private byte @Nullable [] last;
  private Last lastKind = Last.ROOT;
  private boolean slash;
  private int links;

  private PathWalk(NameSpace space) throws Ext2Exception {
    this.space = space;
    this.volume = space.volume();
    this.inodes = space.inodes();
    this.directory = inodes.get(space.start().number());
  }

  /**
   * Walks to the directory that the last component is in: {@code filename_parentat}.
   *
   * @throws Ext2Exception EINVAL for a NUL, EACCES, ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, EIO
   */
  static PathWalk toParent(NameSpace space, String path) throws Ext2Exception {
    byte[] bytes = bytes(space, path);
    PathWalk walk = new PathWalk(space);
    boolean done = false;
    try {
      walk.along(bytes);
      done = true;
      return walk;
    } finally {
      if (!done) {
        walk.close();
      }
    }
  }

  /**
   * {@code filename_lookup}: walks to where the last component leads.
   *
   * @param follow whether a symbolic link there is followed
   * @return the inode, with one user more
   * @throws Ext2Exception as {@link #toParent}
   */
  static Ext2Inode find(NameSpace space, String path, boolean follow) throws Ext2Exception {
    try (PathWalk walk = toParent(space, path)) {
      while (true) {
        byte[] name = walk.last();
        if (name == null) {
          return space.inodes().get(walk.directory().number());
        }
        Ext2Inode found;
        try (var _ = walk.directory().iRwsem().shared()) {
          found = walk.childLocked(name);
        }
        boolean done = false;
        try {
          if (!found.isSymlink() || !(follow || walk.slash())) {
            if (walk.slash() && !found.isDirectory()) {
              throw new Ext2Exception(Errno.ENOTDIR, path);
            }
            done = true;
            return found;
          }
          walk.follow(found);
        } finally {
          if (!done) {
            space.inodes().put(found);
          }
        }
      }
    }
  }

  /**
   * {@code getname}: the bytes of a path.
   *
   * @throws Ext2Exception EINVAL, ENOENT, ENAMETOOLONG
   */
  static byte[] bytes(NameSpace space, String path) throws Ext2Exception {
    if (path.indexOf('\0') >= 0) {
      throw new Ext2Exception(Errno.EINVAL, "a path with a zero byte");
    }
    if (path.isEmpty()) {
      throw new Ext2Exception(Errno.ENOENT, "empty path");
    }
    byte[] bytes = path.getBytes(space.encoding());
    if (bytes.length >= PATH_MAX) {
      throw new Ext2Exception(
          Errno.ENAMETOOLONG,
          "a path of " + bytes.length + " bytes, expected fewer than " + PATH_MAX);
    }
    return bytes;
  }

  /** The directory that the last component is in; this walk's own user keeps it. */
  Ext2Inode directory() {
    return directory;
  }

  /** The last component; null if the path ends with the directory itself. */
  byte @Nullable [] last() {
    return last;
  }

  /** The kind of the last component, where the path or a link led on. */
  Last lastKind() {
    return lastKind;
  }

  /** Set if a slash follows the last component, here or where a link led on. */
  boolean slash() {
    return slash;
  }

  /**
   * {@code pick_link} of the last component: the walk goes on along the target.
   *
   * @throws Ext2Exception ELOOP, EACCES for another's link in a sticky directory, and as {@link
   *     #toParent}
   */
  void follow(Ext2Inode link) throws Ext2Exception {
    Permission.mayFollow(space.who(), directory, link);
    along(targetOf(link));
  }

  private byte[] targetOf(Ext2Inode link) throws Ext2Exception {
    if (links++ >= MOST_LINKS) {
      throw new Ext2Exception(Errno.ELOOP, "more than " + MOST_LINKS + " symbolic links");
    }
    byte[] target = Symlink.target(link);
    if (target.length > 0 && target[0] == '/') {
      enter(inodes.get(space.root().number()));
    }
    return target;
  }

  private void along(byte[] path) throws Ext2Exception {
    push(path);
    slash |= path.length > 0 && path[path.length - 1] == '/';
    last = null;
    while (!rest.isEmpty()) {
      byte[] name = rest.removeFirst();
      Permission.require(volume, space.who(), directory, Permission.EXECUTE);
      if (isDot(name)) {
        lastKind = Last.DOT;
      } else if (isDotDot(name)) {
        lastKind = Last.DOT_DOT;
        up();
      } else if (rest.isEmpty()) {
        lastKind = Last.NAME;
        last = name;
      } else {
        into(name);
      }
    }
  }

  /** {@code follow_dotdot}: the root is above itself. */
  private void up() throws Ext2Exception {
    Ext2Inode above = directory.inDirectory().parent();
    if (above == null) {
      return;
    }
    if (above.inDirectory().isDead() && above != directory.inDirectory().kept()) {
      throw new Ext2Exception(Errno.ENOENT, "the directory above " + directory + " was removed");
    }
    enter(inodes.get(above.number()));
  }

  /** Puts the components of a path before those that are left. */
  private void push(byte[] path) {
    int end = path.length;
    for (int at = path.length - 1; at >= -1; at--) {
      if (at < 0 || path[at] == '/') {
        if (end > at + 1) {
          rest.addFirst(Arrays.copyOfRange(path, at + 1, end));
        }
        end = at;
      }
    }
  }

  private static boolean isDot(byte[] name) {
    return name.length == 1 && name[0] == '.';
  }

  private static boolean isDotDot(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  /** A component that is not the last: a directory, or a link that leads on. */
  private void into(byte[] name) throws Ext2Exception {
    Ext2Inode next;
    try (var _ = directory.iRwsem().shared()) {
      next = childLocked(name);
    }
    boolean entered = false;
    try {
      if (next.isSymlink()) {
        push(targetOf(next));
      } else if (next.isDirectory()) {
        entered = true;
        enter(next);
      } else {
        throw new Ext2Exception(Errno.ENOTDIR, text(name) + " is no directory");
      }
    } finally {
      if (!entered) {
        inodes.put(next);
      }
    }
  }

  private void enter(Ext2Inode next) throws Ext2Exception {
    Ext2Inode before = directory;
    directory = next;
    inodes.put(before);
  }

  /**
   * The inode number of a name, or 0; the caller holds the directory's {@code i_rwsem}.
   *
   * @throws Ext2Exception ENOENT in a directory that was removed; ENAMETOOLONG, which a walk meets
   *     only when it gets to the name; EIO
   */
  int inoLocked(byte[] name) throws Ext2Exception {
    directory.iRwsem().assertHeld();
    if (directory.inDirectory().isDead()) {
      throw new Ext2Exception(Errno.ENOENT, directory + " was removed");
    }
    if (name.length > DirEntry.MAX_NAME_BYTES) {
      throw new Ext2Exception(
          Errno.ENAMETOOLONG,
          "a name of " + name.length + " bytes, expected at most " + DirEntry.MAX_NAME_BYTES);
    }
    return new DirectoryBlocks(volume, directory).lookup(name);
  }

  /**
   * {@code ext2_lookup}; the caller holds the directory's {@code i_rwsem}.
   *
   * @return the inode, with one user more
   * @throws Ext2Exception ENOENT; EIO if the entry names an inode that is deleted
   */
  Ext2Inode childLocked(byte[] name) throws Ext2Exception {
    int ino = inoLocked(name);
    if (ino == 0) {
      throw new Ext2Exception(Errno.ENOENT, "no " + text(name) + " in " + directory);
    }
    try {
      return alias(space, directory, inodes.get(ino));
    } catch (Ext2Exception e) {
      if (e.errno() != Errno.ESTALE) {
        throw e;
      }
      volume.error("deleted inode referenced: " + ino);
      throw new CorruptFileSystemException(
          Errno.EIO, "directory " + directory.number(), "inode", ino + ", deleted", "a live inode");
    }
  }

  /**
   * {@code d_splice_alias}: a directory is where it was found last.
   *
   * @throws Ext2Exception ELOOP on a damaged medium, where a directory lies below itself
   */
  static Ext2Inode alias(NameSpace space, Ext2Inode directory, Ext2Inode found)
      throws Ext2Exception {
    if (found.isDirectory() && found.inDirectory().parent() != directory) {
      if (found == directory || DirectoryState.ancestor(found, directory) != null) {
        space.inodes().put(found);
        throw new Ext2Exception(Errno.ELOOP, found + " lies below itself, in " + directory);
      }
      if (found != space.root()) {
        found.inDirectory().parent(directory);
      }
    }
    return found;
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  /** The walk's directory loses this user. */
  @Override
  public void close() throws Ext2Exception {
    inodes.put(directory);
  }
}
