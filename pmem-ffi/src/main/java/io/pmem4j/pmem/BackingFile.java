// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * The file below a mapping, held open to ask for its length: a page that another process truncated
 * away is lost while msync still answers success. Also the checks of a path that all backends
 * share.
 *
 * <p>It is a {@link RandomAccessFile} because a channel would be closed for everybody by the first
 * interrupted thread that asks for its size.
 */
final class BackingFile implements Closeable {
  private final Path path;
  private final Object identity;
  private final RandomAccessFile file;

  private BackingFile(Path path, Object identity, RandomAccessFile file) {
    this.path = path;
    this.identity = identity;
    this.file = file;
  }

  /** Opens a regular file that exists, for reading. */
  static BackingFile open(Path path) throws IOException {
    BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
    if (found.isDirectory()) {
      throw new FileSystemException(path.toString(), null, "is a directory");
    }
    // Opening a FIFO would wait for its writer, for ever.
    if (!found.isRegularFile()) {
      throw new FileSystemException(path.toString(), null, "is not a regular file");
    }
    RandomAccessFile file;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
    } catch (FileNotFoundException reason) {
      throw translated(path, reason);
    }
    BackingFile backing = new BackingFile(path, Objects.requireNonNull(found.fileKey()), file);
    try {
      backing.verifyUnreplaced();
    } catch (IOException | RuntimeException failure) {
      backing.close();
      throw failure;
    }
    return backing;
  }

  /** Whether the path is a character device: DAX devices are, and only libpmem maps them. */
  static boolean isCharacterDevice(Path path) throws IOException {
    int mode = (Integer) Files.getAttribute(path, "unix:mode");
    return (mode & 0170000) == 0020000;
  }

  /**
   * Refuses paths that exist, and lengths that cannot be before blocks are allocated: filling a
   * file system only to find that it is too small disturbs everybody on it.
   */
  static void checkRoom(Path path, MapSpec spec) throws IOException {
    if (spec.lengthWithin(spec.newLength()) < 0) {
      throw new FileSystemException(path.toString(), null, "slice outside the new file: " + spec);
    }
    Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
    // The open is exclusive as well; libpmem's own answer for a device would be another one.
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    if (spec.isSparse() || !Files.exists(folder)) {
      return; // holes need no room; the open says that the folder is missing
    }
    if (Files.getFileStore(folder).getUsableSpace() < spec.newLength()) {
      throw new FileSystemException(path.toString(), null, "No space left on device for " + spec);
    }
  }

  /** fsync(2). */
  void sync() throws IOException {
    file.getFD().sync();
  }

  long length() throws IOException {
    return file.length();
  }

  /** The length to map, after checking that the file has that range. */
  long lengthToMap(MapSpec spec) throws IOException {
    long fileLength = length();
    if (fileLength == 0) {
      throw new FileSystemException(path.toString(), null, "is empty");
    }
    long length = spec.lengthWithin(fileLength);
    if (length < 0) {
      throw new FileSystemException(
          path.toString(), null, "slice outside a file of " + fileLength + " bytes: " + spec);
    }
    return length;
  }

  /** Fails if the path leads to another file by now than the one opened here. */
  void verifyUnreplaced() throws IOException {
    Object now = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    if (!identity.equals(now)) {
      throw new FileSystemException(path.toString(), null, "was replaced while it was mapped");
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static IOException translated(Path path, FileNotFoundException reason) {
    // RandomAccessFile has one exception for all reasons, and the reason in brackets at the end.
    String text = Objects.toString(reason.getMessage(), "");
    if (text.endsWith("(Permission denied)")) {
      return new java.nio.file.AccessDeniedException(path.toString());
    }
    if (text.endsWith("(No such file or directory)")) {
      return new java.nio.file.NoSuchFileException(path.toString());
    }
    return new FileSystemException(path.toString(), null, text);
  }
}
