// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.namei;

import io.pmem4j.ext2.Capability;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.dir.DirectoryBlocks;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.inode.NewInode;
import io.pmem4j.ext2.volume.Volume;
import org.jspecify.annotations.Nullable;

/** System calls that make a name: mkdir(2), mknod(2), symlink(2), link(2). Thread-safe. */
public final class NewNames {
  /** The most links of an inode, {@code EXT2_LINK_MAX}. */
  static final int MOST_LINKS = 32000;

  private static final int MKDIR_MODE = 01777;

  private final NameSpace space;
  private final Volume volume;
  private final InodeCache inodes;

  /** The operations of a caller. */
  public NewNames(NameSpace space) {
    this.space = space;
    this.volume = space.volume();
    this.inodes = space.inodes();
  }

  /** Makes what a free name will lead to, under the directory's {@code i_rwsem}. */
  private interface Maker {
    Ext2Inode make(Ext2Inode directory, byte[] name) throws Ext2Exception;
  }

  /** Gives a new inode its content. */
  interface Content {
    /** An empty file. */
    Content NONE = _ -> {};

    /** Stores it; the inode has no name yet. */
    void storeIn(Ext2Inode made) throws Ext2Exception;
  }

  /** {@code filename_create} and {@code may_create}. */
  private Ext2Inode make(String path, boolean wantsDirectory, Maker maker) throws Ext2Exception {
    try (PathWalk walk = PathWalk.toParent(space, path)) {
      byte[] name = walk.last();
      if (name == null) {
        throw new Ext2Exception(Errno.EEXIST, path);
      }
      try (var _ = volume.freezeGate().startWrite();
          var _ = walk.directory().iRwsem().exclusive()) {
        if (walk.inoLocked(name) != 0) {
          inodes.put(walk.childLocked(name));
          throw new Ext2Exception(Errno.EEXIST, path);
        }
        if (walk.slash() && !wantsDirectory) {
          throw new Ext2Exception(Errno.ENOENT, path + " would be no directory");
        }
        volume.requireWritable();
        Permission.mayCreate(space, walk.directory());
        return maker.make(walk.directory(), name);
      }
    }
  }

  /**
   * Makes a directory, as mkdir(2) does.
   *
   * @throws Ext2Exception EEXIST, EMLINK, ENOSPC, EACCES, EPERM, EROFS, ENOENT, EIO, and those of a
   *     walk
   */
  public void mkdir(String path, int mode) throws Ext2Exception {
    inodes.put(newDirectory(path, mode));
  }

  /** Makes a directory as {@link #mkdir} does; returns its inode, with one user. */
  public Ext2Inode newDirectory(String path, int mode) throws Ext2Exception {
    return make(
        path,
        true,
        (directory, name) -> {
          if (directory.nlink() >= MOST_LINKS) {
            throw new Ext2Exception(
                Errno.EMLINK, directory + " has " + directory.nlink() + " links");
          }
          return directory(directory, name, FileMode.DIRECTORY | masked(mode & MKDIR_MODE));
        });
  }

  /** {@code ext2_mkdir}: the parent has its link first. */
  private Ext2Inode directory(Ext2Inode parent, byte[] name, int mode) throws Ext2Exception {
    parent.addLink();
    Ext2Inode made = null;
    boolean done = false;
    try {
      made = inodes.create(parent, mode, space.who());
      initAcls(made, parent);
      DirectoryBlocks.makeEmpty(volume, made, parent);
      if (volume.order().isOrdered()) {
        // The parent has a link for the name that the new directory has for it.
        inodes.writeOut(parent);
        inodes.writeOut(made);
      }
      made.inDirectory().parent(parent);
      add(parent, name, made);
      NewInode.unlock(made);
      done = true;
      return made;
    } finally {
      if (!done) {
        discard(made);
        parent.dropLink();
      }
    }
  }

  private void discard(@Nullable Ext2Inode made) throws Ext2Exception {
    if (made != null) {
      NewInode.dropLinks(made);
      inodes.put(made);
    }
  }

  /**
   * Makes a file of any type but a directory, as mknod(2) does.
   *
   * @param mode type and permissions, before the umask; type 0 is a regular file
   * @param major of a device
   * @param minor of a device
   * @throws Ext2Exception EPERM, EINVAL, EEXIST, ENOSPC, EACCES, EROFS, ENOENT, EIO, and those of a
   *     walk
   */
  public void mknod(String path, int mode, int major, int minor) throws Ext2Exception {
    inodes.put(newFile(path, mode, major, minor));
  }

  /** Makes a file as {@link #mknod} does; returns its inode, with one user. */
  public Ext2Inode newFile(String path, int mode, int major, int minor) throws Ext2Exception {
    int type =
        switch (mode & FileMode.TYPE_MASK) {
          case 0 -> FileMode.REGULAR;
          case FileMode.REGULAR,
              FileMode.CHARACTER,
              FileMode.BLOCK,
              FileMode.FIFO,
              FileMode.SOCKET ->
              mode & FileMode.TYPE_MASK;
          case FileMode.DIRECTORY -> throw new Ext2Exception(Errno.EPERM, "mknod of a directory");
          default -> throw new Ext2Exception(Errno.EINVAL, "mode 0" + Integer.toOctalString(mode));
        };
    boolean whiteout = type == FileMode.CHARACTER && major == 0 && minor == 0;
    return make(
        path,
        false,
        (directory, name) -> {
          if (FileMode.isDevice(type) && !whiteout && !space.who().has(Capability.MKNOD)) {
            throw new Ext2Exception(Errno.EPERM, "CAP_MKNOD is needed for a device");
          }
          Content content =
              FileMode.isDevice(type) ? made -> NewInode.device(made, major, minor) : Content.NONE;
          return nondirectory(directory, name, type | permissions(directory, mode), content);
        });
  }

  /**
   * Makes a symbolic link, as symlink(2) does.
   *
   * @param target where it leads to; nothing has to be there
   * @throws Ext2Exception EEXIST, ENAMETOOLONG, ENOSPC, EACCES, EPERM, EROFS, ENOENT, EIO, and
   *     those of a walk
   */
  public void symlink(String target, String path) throws Ext2Exception {
    inodes.put(newSymlink(target, path));
  }

  /** Makes a symbolic link as {@link #symlink} does; returns its inode, with one user. */
  public Ext2Inode newSymlink(String target, String path) throws Ext2Exception {
    byte[] bytes = PathWalk.bytes(space, target);
    return make(
        path,
        false,
        (directory, name) -> {
          if (bytes.length >= volume.geometry().blockBytes()) {
            throw new Ext2Exception(
                Errno.ENAMETOOLONG,
                "a target of %d bytes, expected less than a block of %d"
                    .formatted(bytes.length, volume.geometry().blockBytes()));
          }
          return nondirectory(
              directory, name, FileMode.SYMLINK | 0777, made -> NewInode.target(made, bytes));
        });
  }

  /**
   * Gives a file one more name, as link(2) does. A symbolic link is not followed.
   *
   * @throws Ext2Exception EEXIST, EMLINK, EPERM, ENOSPC, EACCES, EROFS, ENOENT, EIO, and those of a
   *     walk
   */
  public void link(String from, String to) throws Ext2Exception {
    Ext2Inode inode = PathWalk.find(space, from, false);
    try {
      link(inode, to);
    } finally {
      inodes.put(inode);
    }
  }

  /**
   * Gives a file one more name, as linkat(2) does with AT_EMPTY_PATH.
   *
   * @param inode the file, whose user the caller has
   * @throws Ext2Exception as {@link #link(String, String)}
   */
  public void link(Ext2Inode inode, String to) throws Ext2Exception {
    make(
        to,
        false,
        (directory, name) -> {
          Permission.mayLink(space, inode);
          if (inode.isAppendOnly() || inode.isImmutable()) {
            throw new Ext2Exception(Errno.EPERM, inode + " is immutable or append-only");
          }
          if (inode.isDirectory()) {
            throw new Ext2Exception(Errno.EPERM, inode + " is a directory");
          }
          linkLocked(directory, name, inode);
          return inode;
        });
  }

  /** The part of {@code vfs_link} under the file's lock, and {@code ext2_link}. */
  private void linkLocked(Ext2Inode directory, byte[] name, Ext2Inode inode) throws Ext2Exception {
    try (var _ = inode.iRwsem().exclusive()) {
      if (!NewInode.isLinkable(inode)) {
        throw new Ext2Exception(Errno.ENOENT, inode + " has lost its last name");
      }
      if (inode.nlink() >= MOST_LINKS) {
        throw new Ext2Exception(Errno.EMLINK, inode + " has " + inode.nlink() + " links");
      }
      inode.times().ctime(volume.now());
      inode.addLink();
      boolean done = false;
      try {
        if (volume.order().isOrdered()) {
          inodes.writeOut(inode);
        }
        add(directory, name, inode);
        done = true;
        NewInode.linked(inode);
      } finally {
        if (!done) {
          inode.dropLink();
        }
      }
    }
  }

  private void add(Ext2Inode directory, byte[] name, Ext2Inode inode) throws Ext2Exception {
    new DirectoryBlocks(volume, directory).add(name, inode);
    if (volume.order().isOrdered()) {
      // A new block of the directory shows its names only through the inode on the medium.
      inodes.writeOut(directory);
    }
  }

  /** {@code ext2_add_nondir}: an inode that gets no name loses its link and goes again. */
  Ext2Inode nondirectory(Ext2Inode directory, byte[] name, int mode, Content content)
      throws Ext2Exception {
    Ext2Inode inode = inodes.create(directory, mode, space.who());
    boolean done = false;
    try {
      initAcls(inode, directory);
      content.storeIn(inode);
      if (volume.order().isOrdered()) {
        // The entry that names the inode may be durable at any time after its store.
        inodes.writeOut(inode);
      }
      add(directory, name, inode);
      NewInode.unlock(inode);
      done = true;
      return inode;
    } finally {
      if (!done) {
        discard(inode);
      }
    }
  }

  /**
   * {@code vfs_tmpfile} and {@code ext2_tmpfile}: makes a regular file without a name, under no
   * lock of the directory; returns its inode, with one user.
   *
   * @param linkable true if it may get a name
   */
  Ext2Inode unnamed(Ext2Inode directory, int mode, boolean linkable) throws Ext2Exception {
    Permission.require(volume, space.who(), directory, Permission.WRITE | Permission.EXECUTE);
    Ext2Inode inode =
        inodes.create(directory, FileMode.REGULAR | permissions(directory, mode), space.who());
    boolean done = false;
    try {
      initAcls(inode, directory);
      NewInode.unnamed(inode, linkable);
      NewInode.unlock(inode);
      done = true;
      return inode;
    } finally {
      if (!done) {
        discard(inode);
      }
    }
  }

  /** {@code mode_strip_umask}: with access control lists the umask waits for the directory's. */
  private int masked(int permissions) {
    return volume.posixAcl() ? permissions : permissions & ~space.umask();
  }

  /** {@code ext2_init_acl}, the last step of {@code ext2_new_inode}. */
  private void initAcls(Ext2Inode made, Ext2Inode directory) throws Ext2Exception {
    made.acls().init(directory, space.umask());
  }

  /** {@code vfs_prepare_mode}: {@code mode_strip_sgid}, then the umask. */
  int permissions(Ext2Inode directory, int mode) {
    int permissions = mode & FileMode.PERMISSIONS;
    int groupProgram = FileMode.SET_GID | FileMode.GROUP_EXECUTE;
    if ((mode & groupProgram) == groupProgram
        && (directory.mode() & FileMode.SET_GID) != 0
        && !Permission.keepsSetGid(space.who(), directory.gid())) {
      permissions &= ~FileMode.SET_GID;
    }
    return masked(permissions);
  }
}
