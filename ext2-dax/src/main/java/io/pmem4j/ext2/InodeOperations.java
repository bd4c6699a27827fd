// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.file.OpenFlags;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeAttributes;
import io.pmem4j.ext2.namei.AttributeChanges;
import io.pmem4j.ext2.namei.DirectoryRemoval;
import io.pmem4j.ext2.namei.Lookups;
import io.pmem4j.ext2.namei.NameOperations;
import io.pmem4j.ext2.namei.NameSpace;
import io.pmem4j.ext2.namei.NewNames;
import io.pmem4j.ext2.namei.Rename;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The calls on inodes by number, for a client that walks paths itself, such as the kernel through
 * FUSE. Thread-safe.
 *
 * <p>The client has a reference to an inode for each time that {@link #lookup}, {@link #entry} or a
 * call that makes a name returned it. An inode lives until its last name, its last open file and
 * its last reference are gone. A number without a reference is ESTALE; the root needs none.
 *
 * <p>Names are bytes without a slash. The client judges permissions, except for files that are
 * immutable or append-only; an identity names the owner of what is made.
 */
public final class InodeOperations {
  /** The number of the root directory. */
  public static final int ROOT = 2;

  private static final int O_WRONLY = 1;
  private static final int O_CREAT = 0100;
  private static final int O_APPEND = 02000;
  private static final int O_NOFOLLOW = 0400000;

  private final Ext2FileSystem fs;
  private final NodeTable nodes;
  private final NameSpace space;

  InodeOperations(Ext2FileSystem fs, NodeTable nodes, NameSpace space) {
    this.fs = fs;
    this.nodes = nodes;
    this.space = space;
  }

  /**
   * A file that was made and opened.
   *
   * @param stat its attributes
   * @param file the open file
   */
  public record Created(Stat stat, OpenFile file) {}

  /** Returns these calls on behalf of somebody else, with the same references. */
  public InodeOperations as(Credentials who) {
    return new InodeOperations(fs, nodes, space.as(who));
  }

  /** Returns these calls with a umask for what is made. */
  public InodeOperations withUmask(int umask) {
    return new InodeOperations(fs, nodes, space.withUmask(umask));
  }

  /** Returns the calls on extended attributes, with the same references. */
  public InodeXattrs xattrs() {
    return new InodeXattrs(fs, nodes, space);
  }

  private NameSpace in(int directory) throws Ext2Exception {
    return space.below(nodes.get(directory));
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  /**
   * Finds a name in a directory, and adds a reference to what it names.
   *
   * @throws Ext2Exception ENOENT, ENAMETOOLONG, EIO
   */
  public Stat lookup(int directory, byte[] name) throws Ext2Exception {
    return fs.call(() -> referenced(new Lookups(in(directory)).find(text(name))));
  }

  private Stat referenced(Ext2Inode inode) throws Ext2Exception {
    Stat stat = OpenFile.stat(inode);
    nodes.add(inode);
    return stat;
  }

  /**
   * Adds a reference to what an entry of a directory names.
   *
   * @param ino the number in an entry that was read while nothing could change the directory
   * @throws Ext2Exception ESTALE, EIO
   */
  public Stat entry(int directory, int ino) throws Ext2Exception {
    return fs.call(() -> referenced(new Lookups(in(directory)).entry(ino)));
  }

  /** Drops references to an inode. */
  public void forget(int ino, long references) throws Ext2Exception {
    fs.call(() -> {
      nodes.forget(ino, references);
      return true;
    });
  }

  /** Drops all references of the client. */
  public void forgetAll() throws Ext2Exception {
    fs.call(() -> {
      nodes.clear();
      return true;
    });
  }

  /** Returns true if there is a file without a name, open or not, that the client refers to. */
  public boolean hasNameless() {
    return nodes.hasNameless();
  }

  /**
   * Returns true if there is a file without a name that nobody has open: its blocks are free once
   * the client forgets it. A file counts for one second after the first such answer, as a client
   * may refer to it for ever.
   */
  public boolean awaitsForget() {
    return nodes.awaitsForget();
  }

  /** Returns the attributes of an inode. */
  public Stat stat(int ino) throws Ext2Exception {
    return fs.call(() -> OpenFile.stat(nodes.get(ino)));
  }

  /**
   * Sets attributes; null leaves one as it is. The change time becomes now in any case. The set-id
   * bits stay as {@code mode} says: the client clears them.
   *
   * @param mode permissions, set-id bits and sticky bit
   * @param size the new size of a regular file
   * @param atime seconds since the epoch, {@link Long#MAX_VALUE} for now
   * @param mtime as atime
   * @return the attributes afterwards
   * @throws Ext2Exception EPERM, EFBIG, EROFS, EIO
   */
  public Stat setAttributes(
      int ino,
      @Nullable Integer mode,
      @Nullable Integer uid,
      @Nullable Integer gid,
      @Nullable Long size,
      @Nullable Long atime,
      @Nullable Long mtime)
      throws Ext2Exception {
    return fs.call(() -> {
      Ext2Inode inode = nodes.get(ino);
      if (size != null) {
        try (OpenFile file = opened(inode, O_WRONLY)) {
          file.truncate(size);
        }
      }
      if (size == null || mode != null || uid != null || gid != null || isSet(atime, mtime)) {
        new AttributeChanges(space).set(inode, new InodeAttributes(mode, uid, gid, atime, mtime));
      }
      return OpenFile.stat(inode);
    });
  }

  private static boolean isSet(@Nullable Long atime, @Nullable Long mtime) {
    return atime != null || mtime != null;
  }

  /**
   * Clears the set-id bits that a write by another user clears: {@code file_remove_privs}.
   *
   * @throws Ext2Exception EPERM, EROFS, EIO
   */
  public void removePrivileges(int ino) throws Ext2Exception {
    int mode = stat(ino).mode();
    int after = FileMode.withoutPrivileges(mode);
    if (after != mode && (mode & FileMode.TYPE_MASK) != FileMode.DIRECTORY) {
      setAttributes(ino, after & FileMode.PERMISSIONS, null, null, null, null, null);
    }
  }

  /** Returns the flags that FS_IOC_GETFLAGS reads. */
  public int flags(int ino) throws Ext2Exception {
    return fs.call(() -> InodeAttributes.flags(nodes.get(ino)));
  }

  /**
   * Sets the flags that FS_IOC_SETFLAGS writes.
   *
   * @throws Ext2Exception EROFS
   */
  public void setFlags(int ino, int flags) throws Ext2Exception {
    fs.call(() -> {
      new AttributeChanges(space).flags(nodes.get(ino), flags);
      return true;
    });
  }

  /**
   * Reads where a symbolic link leads to.
   *
   * @throws Ext2Exception EINVAL, EIO
   */
  public byte[] readlink(int ino) throws Ext2Exception {
    return fs.call(() -> Lookups.target(nodes.get(ino)));
  }

  /**
   * Makes a directory, with a reference to it.
   *
   * @throws Ext2Exception EEXIST, EMLINK, ENOSPC, ENOENT, EPERM, EROFS, EIO
   */
  public Stat mkdir(int directory, byte[] name, int mode) throws Ext2Exception {
    return fs.call(() -> referenced(new NewNames(in(directory)).newDirectory(text(name), mode)));
  }

  /**
   * Makes a file of any other type but a link, with a reference to it.
   *
   * @param mode type and permissions
   * @throws Ext2Exception EEXIST, ENOSPC, ENOENT, EPERM, EINVAL, EROFS, EIO
   */
  public Stat mknod(int directory, byte[] name, int mode, int major, int minor)
      throws Ext2Exception {
    return fs.call(
        () -> referenced(new NewNames(in(directory)).newFile(text(name), mode, major, minor)));
  }

  /**
   * Makes a symbolic link, with a reference to it.
   *
   * @throws Ext2Exception EEXIST, ENOSPC, ENOENT, EPERM, ENAMETOOLONG, EROFS, EIO
   */
  public Stat symlink(int directory, byte[] name, byte[] target) throws Ext2Exception {
    return fs.call(
        () -> referenced(new NewNames(in(directory)).newSymlink(text(target), text(name))));
  }

  /**
   * Gives a file one more name, with one more reference to it.
   *
   * @throws Ext2Exception EEXIST, EMLINK, ENOSPC, ENOENT, EPERM, EROFS, EIO
   */
  public Stat link(int ino, int directory, byte[] name) throws Ext2Exception {
    return fs.call(() -> {
      Ext2Inode inode = nodes.get(ino);
      new NewNames(in(directory)).link(inode, text(name));
      return referenced(space.inodes().get(ino));
    });
  }

  /**
   * Removes a name that is not a directory's.
   *
   * @throws Ext2Exception ENOENT, EISDIR, EPERM, EROFS, EIO
   */
  public void unlink(int directory, byte[] name) throws Ext2Exception {
    fs.call(() -> {
      new NameOperations(in(directory)).unlink(text(name));
      return true;
    });
  }

  /**
   * Removes an empty directory.
   *
   * @throws Ext2Exception ENOENT, ENOTEMPTY, ENOTDIR, EPERM, EROFS, EIO
   */
  public void rmdir(int directory, byte[] name) throws Ext2Exception {
    fs.call(() -> {
      new DirectoryRemoval(in(directory)).rmdir(text(name));
      return true;
    });
  }

  /**
   * Renames, as renameat2(2) does.
   *
   * @param flags 0 or {@link PathOperations#RENAME_NO_REPLACE}
   * @throws Ext2Exception EEXIST, EINVAL, ENOTEMPTY, ENOENT, ENOTDIR, EISDIR, EMLINK, ENOSPC,
   *     EPERM, EROFS, EIO
   */
  public void rename(int from, byte[] oldName, int to, byte[] newName, int flags)
      throws Ext2Exception {
    fs.call(() -> {
      Rename.rename(in(from), text(oldName), in(to), text(newName), flags);
      return true;
    });
  }

  /**
   * Opens a regular file or a directory. O_APPEND is ignored when the file is written to: the
   * client has the position.
   *
   * @param flags as for {@link PathOperations#open}
   * @throws Ext2Exception EISDIR, EPERM, EROFS, ENXIO
   */
  public OpenFile open(int ino, int flags) throws Ext2Exception {
    return fs.call(() -> opened(nodes.get(ino), flags));
  }

  private OpenFile opened(Ext2Inode inode, int flags) throws Ext2Exception {
    space.inodes().get(inode.number());
    fs.enter();
    nodes.opened(inode);
    boolean done = false;
    try {
      Ext2File file =
          new NameOperations(space)
              .open(
                  inode,
                  new OpenFlags(flags),
                  new OpenFlags(flags & ~O_APPEND),
                  () -> closed(inode));
      done = true;
      return new OpenFile(file);
    } finally {
      if (!done) {
        closed(inode);
        space.inodes().put(inode);
      }
    }
  }

  private void closed(@Nullable Ext2Inode inode) {
    if (inode != null) {
      nodes.closed(inode);
    }
    fs.leave();
  }

  /**
   * Makes a regular file without a name and opens it, with a reference to it.
   *
   * @param flags as for {@link #open}; with O_EXCL, {@link #link} gives it no name
   * @param mode permissions
   * @throws Ext2Exception ENOTDIR, ENOSPC, EPERM, EROFS, EIO
   */
  public Created createUnnamed(int directory, int flags, int mode) throws Ext2Exception {
    return fs.call(() -> {
      Ext2Inode parent = nodes.get(directory);
      return created(onRelease ->
          new NameOperations(space)
              .openUnnamed(parent, new OpenFlags(flags & ~O_APPEND), mode, onRelease));
    });
  }

  /** Opens what is about to be made. */
  private interface Opening {
    Ext2File open(Runnable onRelease) throws Ext2Exception;
  }

  private Created created(Opening opening) throws Ext2Exception {
    AtomicReference<@Nullable Ext2Inode> opened = new AtomicReference<>();
    fs.enter();
    Ext2File file = null;
    try {
      file = opening.open(() -> closed(opened.getPlain()));
    } finally {
      if (file == null) {
        fs.leave();
      }
    }
    Ext2Inode inode = space.inodes().get(file.inode().number());
    nodes.opened(inode);
    opened.setPlain(inode);
    return new Created(referenced(inode), new OpenFile(file));
  }

  /**
   * Makes a regular file and opens it, with a reference to it; opens what is there already.
   *
   * @param flags as for {@link #open}
   * @param mode permissions of a new file
   * @throws Ext2Exception EEXIST, ENOSPC, ENOENT, EISDIR, ELOOP, EPERM, EROFS, EIO
   */
  public Created create(int directory, byte[] name, int flags, int mode) throws Ext2Exception {
    return fs.call(() -> {
      NameSpace names = in(directory);
      OpenFlags made = new OpenFlags((flags & ~O_APPEND) | O_CREAT | O_NOFOLLOW);
      return created(
          onRelease -> new NameOperations(names).open(text(name), made, mode, onRelease));
    });
  }
}
