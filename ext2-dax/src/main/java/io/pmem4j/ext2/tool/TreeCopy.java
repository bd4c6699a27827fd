// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.tool;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.InodeOperations;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.Stat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Copies of files and trees into an image and out of it, with modes, owners, times, symbolic and
 * hard links, holes, special files and extended attributes. A file that exists is replaced, a
 * directory is merged. A file whose copy fails is removed, what was copied before it stays.
 */
public final class TreeCopy {
  private static final int O_WRONLY_EXCLUSIVE = 01 | 0100 | 0200;
  private static final int BLOCK = 4096;
  private static final int CHUNK = 1 << 20;

  private final ImageFiles image;
  private final InodeOperations operations;
  private final boolean recursive;
  private final boolean owners;
  private final Map<Object, Integer> inImage = new HashMap<>();
  private final Map<Integer, Path> onHost = new HashMap<>();
  private long leftOut;

  /**
   * Creates a copy.
   *
   * @param recursive true to copy directories
   * @param owners true to give files on the host their owners, which root may
   */
  public TreeCopy(ImageFiles image, boolean recursive, boolean owners) {
    this.image = image;
    this.operations = image.operations();
    this.recursive = recursive;
    this.owners = owners;
  }

  /** Returns the number of attributes that the target has no place for. */
  public long leftOut() {
    return leftOut;
  }

  /** Returns the path of a name, which need not be text, in a folder of the host. */
  public static Path child(Path folder, byte[] name) {
    return HostCalls.child(folder, name);
  }

  /** Returns the bytes of the last name of a path of the host. */
  public static byte[] name(Path path) {
    return HostCalls.name(path);
  }

  private static Map<String, Object> attributes(Path path) throws IOException {
    return Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
  }

  private static long number(Map<String, Object> attributes, String name) {
    return ((Number) Objects.requireNonNull(attributes.get(name), name)).longValue();
  }

  private static long seconds(Map<String, Object> attributes, String name) {
    return Math.floorDiv(
        ((FileTime) Objects.requireNonNull(attributes.get(name), name)).toMillis(), 1000L);
  }

  /**
   * Copies a file of the host into the image.
   *
   * @throws IOException if the file cannot be read, or the image is full
   */
  public void in(Path source, ImageFiles.Place target) throws IOException {
    Map<String, Object> attributes = attributes(source);
    int mode = (int) number(attributes, "mode");
    int type = mode & FileMode.TYPE_MASK;
    int directory = target.directory();
    byte[] name = target.name();
    Stat old = image.existing(directory, name);
    if (type == FileMode.DIRECTORY) {
      if (!recursive) {
        throw new FileSystemException(source.toString(), null, "is a directory: -r copies it");
      }
      Stat made = old == null ? operations.mkdir(directory, name, 0700) : old;
      if (!ImageFiles.isDirectory(made)) {
        throw new Ext2Exception(Errno.ENOTDIR, ImagePath.text(name));
      }
      for (Path each : children(source)) {
        in(each, new ImageFiles.Place(made.ino(), HostCalls.name(each)));
      }
      finish(source, made.ino(), mode, attributes);
      return;
    }
    if (old != null) {
      if (ImageFiles.isDirectory(old)) {
        throw new Ext2Exception(Errno.EISDIR, ImagePath.text(name));
      }
      operations.unlink(directory, name);
    }
    Object identity = List.of(number(attributes, "dev"), number(attributes, "ino"));
    Integer linked = inImage.get(identity);
    if (linked != null) {
      operations.link(linked, directory, name);
      return;
    }
    int ino;
    if (type == FileMode.REGULAR) {
      ino = content(source, directory, name);
    } else if (type == FileMode.SYMLINK) {
      ino = operations.symlink(directory, name, HostCalls.readlink(source)).ino();
    } else {
      long device = number(attributes, "rdev");
      int major = HostCalls.major(device);
      ino = operations.mknod(directory, name, mode, major, HostCalls.minor(device)).ino();
    }
    if (number(attributes, "nlink") > 1) {
      inImage.put(identity, ino);
    }
    finish(source, ino, mode, attributes);
  }

  private static List<Path> children(Path folder) throws IOException {
    List<Path> children = new ArrayList<>();
    try (var stream = Files.newDirectoryStream(folder)) {
      stream.forEach(children::add);
    }
    children.sort((a, b) -> Arrays.compareUnsigned(HostCalls.name(a), HostCalls.name(b)));
    return children;
  }

  private int content(Path source, int directory, byte[] name) throws IOException {
    InodeOperations.Created made = operations.create(directory, name, O_WRONLY_EXCLUSIVE, 0600);
    boolean done = false;
    try (OpenFile file = made.file();
        FileChannel channel = FileChannel.open(source, StandardOpenOption.READ)) {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
      long at = 0;
      for (int read = channel.read(chunk, at); read > 0; read = channel.read(chunk, at)) {
        write(file, at, chunk.array(), read);
        at += read;
        chunk.clear();
      }
      file.truncate(at);
      done = true;
    } finally {
      if (!done) {
        operations.unlink(directory, name);
      }
    }
    return made.stat().ino();
  }

  /** Writes what is not zero, page by page, so that holes stay holes. */
  private static void write(OpenFile file, long at, byte[] bytes, int length) throws IOException {
    for (int from = 0; from < length; from += BLOCK) {
      int end = Math.min(from + BLOCK, length);
      if (!isZero(bytes, from, end)) {
        long written = file.pwrite(at + from, Arrays.copyOfRange(bytes, from, end));
        if (written < end - from) {
          throw new Ext2Exception(Errno.ENOSPC, written + " of " + (end - from) + " bytes written");
        }
      }
    }
  }

  private static boolean isZero(byte[] bytes, int from, int end) {
    for (int i = from; i < end; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void finish(Path source, int ino, int mode, Map<String, Object> attributes)
      throws IOException {
    int uid = (int) number(attributes, "uid");
    int gid = (int) number(attributes, "gid");
    operations.setAttributes(ino, null, uid, gid, null, null, null);
    for (byte[] name : HostCalls.xattrs(source)) {
      try {
        operations.xattrs().set(ino, name, HostCalls.xattr(source, name), 0, false);
      } catch (Ext2Exception e) {
        if (e.errno() != Errno.EOPNOTSUPP) {
          throw e;
        }
        leftOut++;
      }
    }
    Integer permissions =
        (mode & FileMode.TYPE_MASK) == FileMode.SYMLINK ? null : mode & FileMode.PERMISSIONS;
    long atime = seconds(attributes, "lastAccessTime");
    long mtime = seconds(attributes, "lastModifiedTime");
    operations.setAttributes(ino, permissions, null, null, null, atime, mtime);
  }

  /**
   * Copies a file of the image to the host.
   *
   * @throws IOException if the image is damaged, or the file cannot be written
   */
  public void out(Stat stat, Path target) throws IOException {
    if (ImageFiles.isDirectory(stat)) {
      if (!recursive) {
        throw new Ext2Exception(Errno.EISDIR, "a directory: -r copies it");
      }
      if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(target);
      }
      for (DirectoryEntry each : image.list(stat.ino())) {
        Stat below = operations.lookup(stat.ino(), each.nameBytes());
        out(below, HostCalls.child(target, each.nameBytes()));
      }
      finish(stat, target);
      return;
    }
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    Files.deleteIfExists(target);
    Path linked = onHost.get(stat.ino());
    if (linked != null) {
      Files.createLink(target, linked);
      return;
    }
    int type = stat.mode() & FileMode.TYPE_MASK;
    if (type == FileMode.REGULAR) {
      content(stat, target);
    } else if (type == FileMode.SYMLINK) {
      HostCalls.symlink(operations.readlink(stat.ino()), target);
    } else {
      boolean device = FileMode.isDevice(type);
      int number = device ? stat.device() : 0;
      HostCalls.mknod(target, stat.mode(), HostCalls.major(number), HostCalls.minor(number));
    }
    if (stat.nlink() > 1) {
      onHost.put(stat.ino(), target);
    }
    finish(stat, target);
  }

  private void content(Stat stat, Path target) throws IOException {
    boolean done = false;
    try (OpenFile file = operations.open(stat.ino(), 0);
        FileChannel channel =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] bytes = new byte[CHUNK];
      long at = 0;
      while (at < stat.size()) {
        int read = (int) file.pread(at, bytes);
        if (read <= 0) {
          break;
        }
        for (int from = 0; from < read; from += BLOCK) {
          int end = Math.min(from + BLOCK, read);
          if (!isZero(bytes, from, end) || at + end == stat.size()) {
            channel.write(ByteBuffer.wrap(bytes, from, end - from), at + from);
          }
        }
        at += read;
      }
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(target);
      }
    }
  }

  private void finish(Stat stat, Path target) throws IOException {
    if (owners) {
      Files.setAttribute(target, "unix:uid", stat.uid(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(target, "unix:gid", stat.gid(), LinkOption.NOFOLLOW_LINKS);
    }
    for (byte[] name : operations.xattrs().list(stat.ino(), true)) {
      if (!HostCalls.xattr(target, name, operations.xattrs().get(stat.ino(), name))) {
        leftOut++;
      }
    }
    if (!ImageFiles.isSymlink(stat)) {
      Files.setAttribute(target, "unix:mode", stat.mode() & FileMode.PERMISSIONS);
    }
    HostCalls.times(target, stat.atime(), stat.mtime());
  }
}
