// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.tool;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Ext2FileSystem;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.FileSystemUse;
import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import io.pmem4j.pmem.PersistentMemory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of an image that nothing else has mounted, by path. Symbolic links are not followed.
 * Everything is done as root. Not thread-safe.
 */
public final class ImageFiles implements AutoCloseable {
  private static final int O_DIRECTORY = 0200000;
  private static final int ENTRIES = 256;

  private final Ext2FileSystem fs;
  private final InodeOperations operations;

  private ImageFiles(Ext2FileSystem fs) {
    this.fs = fs;
    this.operations = fs.inodes();
  }

  /** A name in a directory, which need not exist. */
  public static final class Place {
    private final int directory;
    private final byte[] name;

    /** Creates the place of a name in the directory with an inode. */
    public Place(int directory, byte[] name) {
      this.directory = directory;
      this.name = name;
    }

    /** Returns the inode of the directory. */
    public int directory() {
      return directory;
    }

    /** Returns the bytes of the name. */
    public byte[] name() {
      return name;
    }
  }

  /**
   * Opens an image.
   *
   * @param memory the file system, its block 0 at offset 0
   * @param readOnly true to store nothing
   * @throws Ext2Exception EINVAL if it cannot be mounted
   */
  public static ImageFiles open(PersistentMemory memory, boolean readOnly) throws Ext2Exception {
    String options = "dax,noreservation,noatime" + (readOnly ? ",ro" : "");
    return new ImageFiles(
        Ext2FileSystem.mount(
            memory, MountOptions.parse(options), Instrumentation.production().withUmask(0)));
  }

  /** Returns the calls on inodes. */
  public InodeOperations operations() {
    return operations;
  }

  /** Returns the use of the file system. */
  public FileSystemUse use() {
    return fs.use();
  }

  /** Returns true if an inode is a directory. */
  public static boolean isDirectory(Stat stat) {
    return (stat.mode() & FileMode.TYPE_MASK) == FileMode.DIRECTORY;
  }

  /** Returns true if an inode is a regular file. */
  public static boolean isRegular(Stat stat) {
    return (stat.mode() & FileMode.TYPE_MASK) == FileMode.REGULAR;
  }

  /** Returns true if an inode is a symbolic link. */
  public static boolean isSymlink(Stat stat) {
    return (stat.mode() & FileMode.TYPE_MASK) == FileMode.SYMLINK;
  }

  /**
   * Returns the attributes of what a path names.
   *
   * @throws Ext2Exception ENOENT, ENOTDIR, EIO
   */
  public Stat find(String path) throws Ext2Exception {
    return find(ImagePath.names(path), path);
  }

  private Stat find(List<byte[]> names, String path) throws Ext2Exception {
    Stat stat = operations.stat(InodeOperations.ROOT);
    for (byte[] each : names) {
      if (!isDirectory(stat)) {
        throw new Ext2Exception(Errno.ENOTDIR, path);
      }
      stat = find(stat.ino(), each, path);
    }
    return stat;
  }

  private Stat find(int directory, byte[] name, String path) throws Ext2Exception {
    try {
      return operations.lookup(directory, name);
    } catch (Ext2Exception e) {
      throw e.errno() == Errno.ENOENT ? new Ext2Exception(Errno.ENOENT, path) : e;
    }
  }

  /**
   * Returns the attributes of what a name in a directory leads to, null if there is none.
   *
   * @throws Ext2Exception EIO
   */
  public @Nullable Stat existing(int directory, byte[] name) throws Ext2Exception {
    try {
      return operations.lookup(directory, name);
    } catch (Ext2Exception e) {
      if (e.errno() == Errno.ENOENT) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Returns the place of a path's last name, which need not exist.
   *
   * @throws Ext2Exception ENOENT, ENOTDIR, EIO; EINVAL for the root
   */
  public Place place(String path) throws Ext2Exception {
    List<byte[]> names = ImagePath.names(path);
    if (names.isEmpty()) {
      throw new Ext2Exception(Errno.EINVAL, path + ": the root has no name");
    }
    Stat above = find(names.subList(0, names.size() - 1), path);
    if (!isDirectory(above)) {
      throw new Ext2Exception(Errno.ENOTDIR, path);
    }
    return new Place(above.ino(), names.getLast());
  }

  /**
   * Returns the entries of a directory but "." and "..", in the order of their bytes.
   *
   * @throws Ext2Exception EIO, also for a name that no file can have
   */
  public List<DirectoryEntry> list(int directory) throws Ext2Exception {
    List<DirectoryEntry> entries = new ArrayList<>();
    try (OpenFile open = operations.open(directory, O_DIRECTORY)) {
      long position = 0;
      while (true) {
        List<DirectoryEntry> read = open.readDirectory(position, ENTRIES);
        if (read.isEmpty()) {
          break;
        }
        entries.addAll(read);
        position = read.getLast().next();
      }
    }
    entries.removeIf(each -> isDots(each.nameBytes()));
    for (DirectoryEntry each : entries) {
      String name = new String(each.nameBytes(), StandardCharsets.ISO_8859_1);
      if (name.isEmpty() || name.indexOf('/') >= 0 || name.indexOf('\0') >= 0) {
        throw new Ext2Exception(
            Errno.EIO,
            "directory " + directory + ": name '" + ImagePath.text(each.nameBytes()) + "'");
      }
    }
    entries.sort((a, b) -> Arrays.compareUnsigned(a.nameBytes(), b.nameBytes()));
    return entries;
  }

  private static boolean isDots(byte[] name) {
    return (name.length == 1 && name[0] == '.')
        || (name.length == 2 && name[0] == '.' && name[1] == '.');
  }

  /**
   * Removes a name, and with it all that is below a directory.
   *
   * @throws Ext2Exception ENOENT; EISDIR for a directory unless {@code recursive}; EPERM, EIO
   */
  public void remove(Place place, boolean recursive) throws Ext2Exception {
    Stat stat = operations.lookup(place.directory(), place.name());
    if (!isDirectory(stat)) {
      operations.unlink(place.directory(), place.name());
      return;
    }
    if (!recursive) {
      throw new Ext2Exception(Errno.EISDIR, ImagePath.text(place.name()));
    }
    for (DirectoryEntry each : list(stat.ino())) {
      remove(new Place(stat.ino(), each.nameBytes()), true);
    }
    operations.rmdir(place.directory(), place.name());
  }

  /** Ends the use: everything is written, and the image is marked clean. */
  @Override
  public void close() throws Ext2Exception {
    operations.forgetAll();
    fs.unmount();
  }
}
