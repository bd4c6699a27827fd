// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.file.OpenFlags;
import io.pmem4j.ext2.inode.InodeAttributes;
import io.pmem4j.ext2.namei.AttributeCalls;
import io.pmem4j.ext2.namei.AttributeChanges;
import io.pmem4j.ext2.namei.DirectoryRemoval;
import io.pmem4j.ext2.namei.Lookups;
import io.pmem4j.ext2.namei.NameOperations;
import io.pmem4j.ext2.namei.NameSpace;
import io.pmem4j.ext2.namei.NewNames;
import io.pmem4j.ext2.namei.Rename;
import java.util.List;
import java.util.OptionalLong;

/**
 * The system calls on paths, on behalf of somebody. Thread-safe.
 *
 * <p>A path consists of components separated by slashes, from the root of the mount. Every method
 * throws, besides the errors that it names, those of a walk: ENOENT, ENOTDIR, EACCES, ELOOP after
 * 40 symbolic links, ENAMETOOLONG for a name above 255 bytes or a path above 4095, EINVAL for a
 * NUL, and EIO where the medium is damaged.
 *
 * <p>A change is visible when the call returns. It is durable after {@link Ext2FileSystem#sync}, or
 * after {@link OpenFile#fsync} of the file and of its directory. With {@code mount -o ordered} a
 * crash before that leaves no name that leads to anything but the inode that it named.
 */
public final class PathOperations {
  /** {@link #rename} fails if the new name is taken: RENAME_NOREPLACE. */
  public static final int RENAME_NO_REPLACE = Rename.NO_REPLACE;

  private final NameSpace space;
  private final Ext2FileSystem fs;
  private final NameOperations files;
  private final NewNames newNames;
  private final DirectoryRemoval removal;
  private final Lookups lookups;
  private final AttributeChanges attributes;
  private final AttributeCalls xattrs;

  PathOperations(Ext2FileSystem fs, NameSpace space) {
    this.fs = fs;
    this.space = space;
    this.files = new NameOperations(space);
    this.newNames = new NewNames(space);
    this.removal = new DirectoryRemoval(space);
    this.lookups = new Lookups(space);
    this.attributes = new AttributeChanges(space);
    this.xattrs = new AttributeCalls(space);
  }

  private interface Change {
    void run() throws Ext2Exception;
  }

  private void change(Change change) throws Ext2Exception {
    fs.call(() -> {
      change.run();
      return true;
    });
  }

  /**
   * Opens a regular file or a directory, as open(2) does.
   *
   * @param flags Linux values: O_WRONLY 1, O_RDWR 2, O_CREAT 0100, O_EXCL 0200, O_TRUNC 01000,
   *     O_APPEND 02000, O_DSYNC 010000, O_DIRECTORY 0200000, O_NOFOLLOW 0400000, O_NOATIME
   *     01000000, O_SYNC 04010000, O_TMPFILE 020200000; others are ignored
   * @param mode permissions of a new file, before the umask
   * @throws Ext2Exception EEXIST, EISDIR, EPERM, EROFS, ENOSPC, ENXIO for a socket or a device, and
   *     for a named pipe {@link UnsupportedFeatureException}
   */
  public OpenFile open(String path, int flags, int mode) throws Ext2Exception {
    fs.enter();
    boolean done = false;
    try {
      OpenFile file = new OpenFile(files.open(path, new OpenFlags(flags), mode, fs::leave));
      done = true;
      return file;
    } finally {
      if (!done) {
        fs.leave();
      }
    }
  }

  /**
   * Makes a directory, as mkdir(2) does.
   *
   * @param mode permissions and the sticky bit, before the umask; the set-group-id bit comes from
   *     the directory above
   * @throws Ext2Exception EEXIST, EMLINK at 32,000 links of the directory above, EPERM, EROFS,
   *     ENOSPC
   */
  public void mkdir(String path, int mode) throws Ext2Exception {
    change(() -> newNames.mkdir(path, mode));
  }

  /**
   * Removes an empty directory, as rmdir(2) does.
   *
   * @throws Ext2Exception ENOTEMPTY, EINVAL if the path ends with a dot, EBUSY for the root, EPERM,
   *     EROFS
   */
  public void rmdir(String path) throws Ext2Exception {
    change(() -> removal.rmdir(path));
  }

  /**
   * Makes a regular file, a pipe, a socket or a device, as mknod(2) does.
   *
   * @param mode type and permissions, before the umask; type 0 is a regular file
   * @param major number of a device, else ignored
   * @param minor number of a device, else ignored
   * @throws Ext2Exception EEXIST, EPERM for a directory, or for a device without {@link
   *     Capability#MKNOD}, EINVAL for another type, EROFS, ENOSPC
   */
  public void mknod(String path, int mode, int major, int minor) throws Ext2Exception {
    change(() -> newNames.mknod(path, mode, major, minor));
  }

  /**
   * Makes a symbolic link, as symlink(2) does. Up to 59 bytes of target lie in the inode, more in a
   * block.
   *
   * @param target where it leads to; nothing has to be there
   * @throws Ext2Exception EEXIST, ENAMETOOLONG for a target above 4095 bytes, EPERM, EROFS, ENOSPC
   */
  public void symlink(String target, String path) throws Ext2Exception {
    change(() -> newNames.symlink(target, path));
  }

  /**
   * Reads where a symbolic link leads to, as readlink(2) does. The access time follows the mount
   * options.
   *
   * @throws Ext2Exception EINVAL for what is no symbolic link
   */
  public byte[] readlink(String path) throws Ext2Exception {
    return fs.call(() -> lookups.readlink(path));
  }

  /**
   * Gives a file one more name, as link(2) does. A symbolic link at the end of {@code from} gets
   * the name itself.
   *
   * @throws Ext2Exception EEXIST, EMLINK at 32,000 links, EPERM for a directory and for a file that
   *     is immutable or append-only, EROFS, ENOSPC
   */
  public void link(String from, String to) throws Ext2Exception {
    change(() -> newNames.link(from, to));
  }

  /**
   * Renames a file or a directory, as renameat2(2) does. What had the new name loses it. Two names
   * of one file both stay.
   *
   * @param flags 0 or {@link #RENAME_NO_REPLACE}
   * @throws Ext2Exception EEXIST, EINVAL below itself or for other flags, ENOTEMPTY, EISDIR, EBUSY,
   *     EMLINK, EPERM, EROFS, ENOSPC
   */
  public void rename(String from, String to, int flags) throws Ext2Exception {
    change(() -> Rename.rename(space, from, to, flags));
  }

  /**
   * Removes a name that is not a directory's, as unlink(2) does. The blocks go with the last user.
   *
   * @throws Ext2Exception EISDIR, EPERM, EROFS
   */
  public void unlink(String path) throws Ext2Exception {
    change(() -> files.unlink(path));
  }

  /**
   * Returns the attributes of what a path leads to, as statx(2) does.
   *
   * @param follow whether a symbolic link at the end is followed
   */
  public Stat stat(String path, boolean follow) throws Ext2Exception {
    return fs.call(() -> lookups.ask(path, follow, OpenFile::stat));
  }

  /**
   * Sets the mode, as chmod(2) does. The set-group-id bit goes where the caller is not in the
   * group.
   *
   * @throws Ext2Exception EPERM for another's file, or one that is immutable or append-only; EROFS
   */
  public void chmod(String path, int mode) throws Ext2Exception {
    change(() -> attributes.chmod(path, mode));
  }

  /**
   * Sets owner and group, as lchown(2) does. A file that is no directory loses its set-id bits.
   *
   * @param uid the owner; -1 leaves it as it is
   * @param gid the group; -1 leaves it as it is
   * @throws Ext2Exception EPERM, EROFS
   */
  public void chown(String path, int uid, int gid) throws Ext2Exception {
    change(() -> attributes.chown(path, uid, gid));
  }

  /**
   * Sets the times of access and modification, as utimensat(2) does. A symbolic link is not
   * followed.
   *
   * @param atime seconds since the epoch, {@link Long#MAX_VALUE} for now; empty leaves it as it is
   * @param mtime as atime
   * @throws Ext2Exception EPERM, EACCES, EROFS
   */
  public void setTimes(String path, OptionalLong atime, OptionalLong mtime) throws Ext2Exception {
    change(() -> attributes.utimens(path, atime, mtime));
  }

  /**
   * Returns the flags of a file, as FS_IOC_GETFLAGS does.
   *
   * @throws Ext2Exception EACCES for a file that the caller may not read
   */
  public int flags(String path) throws Ext2Exception {
    return fs.call(() -> lookups.askOpen(path, InodeAttributes::flags));
  }

  /**
   * Sets the flags of a file, as FS_IOC_SETFLAGS does: 0x8 each write is durable, 0x10 immutable,
   * 0x20 append-only, 0x80 no access times, and others that only are kept.
   *
   * @throws Ext2Exception EACCES for another's file, EPERM for 0x10 and 0x20 without {@link
   *     Capability#LINUX_IMMUTABLE}, EROFS
   */
  public void setFlags(String path, int flags) throws Ext2Exception {
    change(() ->
        lookups.askOpen(
            path,
            inode -> {
              attributes.flags(inode, flags);
              return true;
            }));
  }

  /**
   * Returns the blocks of a file's next reservation window, as EXT2_IOC_GETRSVSZ does.
   *
   * @throws Ext2Exception ENOTTY for a file that has allocated no block yet, for what is no regular
   *     file, and on a mount without windows; EACCES
   */
  public int reservation(String path) throws Ext2Exception {
    return fs.call(() -> lookups.askOpen(path, attributes::reservation));
  }

  /**
   * Sets the blocks of a file's next reservation window, as EXT2_IOC_SETRSVSZ does.
   *
   * @param blocks 1,027 at most count; 0 for a file that allocates without a window
   * @throws Ext2Exception ENOTTY for what is no regular file, and on a mount without windows;
   *     EACCES for another's file, EROFS
   */
  public void setReservation(String path, int blocks) throws Ext2Exception {
    change(() ->
        lookups.askOpen(
            path,
            inode -> {
              attributes.reservation(inode, blocks);
              return true;
            }));
  }

  /**
   * Asks for permission, as faccessat(2) does with AT_EACCESS.
   *
   * @param mask 4 to read, 2 to write, 1 to execute or search; 0 asks whether it is there
   * @throws Ext2Exception EACCES, EPERM, EROFS, EINVAL
   */
  public void access(String path, int mask) throws Ext2Exception {
    change(() -> lookups.access(path, mask));
  }

  /**
   * Sets an extended attribute, as setxattr(2) does.
   *
   * @param name with the prefix of its name space: user, trusted or security
   * @param flags 0, 1 to fail if it exists, 2 to fail if it does not
   * @param follow whether a symbolic link at the end is followed
   * @throws Ext2Exception EEXIST, ENODATA, ENOSPC, ERANGE, E2BIG, EPERM, EOPNOTSUPP, EROFS
   */
  public void setXattr(String path, byte[] name, byte[] value, int flags, boolean follow)
      throws Ext2Exception {
    change(() ->
        lookups.ask(
            path,
            follow,
            inode -> {
              xattrs.set(inode, name, value, flags);
              return true;
            }));
  }

  /**
   * Returns the value of an extended attribute, as getxattr(2) does.
   *
   * @param follow whether a symbolic link at the end is followed
   * @throws Ext2Exception ENODATA, ERANGE, EOPNOTSUPP
   */
  public byte[] getXattr(String path, byte[] name, boolean follow) throws Ext2Exception {
    return fs.call(() -> lookups.ask(path, follow, inode -> xattrs.get(inode, name)));
  }

  /**
   * Returns the names of the extended attributes, as listxattr(2) does.
   *
   * @param follow whether a symbolic link at the end is followed
   */
  public List<byte[]> listXattr(String path, boolean follow) throws Ext2Exception {
    return fs.call(() -> lookups.ask(path, follow, xattrs::list));
  }

  /**
   * Removes an extended attribute, as removexattr(2) does.
   *
   * @param follow whether a symbolic link at the end is followed
   * @throws Ext2Exception ENODATA, ERANGE, EPERM, EOPNOTSUPP, EROFS
   */
  public void removeXattr(String path, byte[] name, boolean follow) throws Ext2Exception {
    change(() ->
        lookups.ask(
            path,
            follow,
            inode -> {
              xattrs.remove(inode, name);
              return true;
            }));
  }
}
