// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A new file of the kernel.
 *
 * <p>It is made with O_TMPFILE, which leaves nothing behind, and linked. Without O_TMPFILE it is
 * made as {@code .NAME.UUID.new} in the same folder and renamed; a kill can leave that name behind.
 * Source: open(2), linkat(2), renameat2(2).
 */
final class NewFile extends FileCreation implements Closeable {
  private static final int ZEROS_AT_ONCE = 1 << 20;

  final NativeFile file;
  private final Path path;
  private final Path folder;

  /** The temporary name; null for a file without a name. */
  private @Nullable Path temporary;

  private final MapSpec spec;

  private NewFile(
      NativeFile file,
      Path path,
      Path folder,
      @Nullable Path temporary,
      MapSpec spec,
      Consumer<CreationStep> steps) {
    super(steps);
    this.file = file;
    this.path = path;
    this.folder = folder;
    this.temporary = temporary;
    this.spec = spec;
  }

  /** Makes a file of zeros whose content is durable, but not its name. */
  static NewFile make(Path path, MapSpec spec, Consumer<CreationStep> steps) throws IOException {
    Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
    checkRoom(path, folder, spec);
    return opened(path, folder, spec, steps).filled();
  }

  /** Makes the file as {@link #make} does, on a file system without O_TMPFILE. */
  static NewFile makeNamed(Path path, MapSpec spec, Consumer<CreationStep> steps)
      throws IOException {
    Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
    checkRoom(path, folder, spec);
    return openedUnderAnotherName(path, folder, spec, steps).filled();
  }

  private NewFile filled() throws IOException {
    try {
      fill();
      return this;
    } catch (IOException | RuntimeException | Error failure) {
      discard();
      throw failure;
    }
  }

  private static NewFile opened(Path path, Path folder, MapSpec spec, Consumer<CreationStep> steps)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(path.toString(), null, "the folder is not there");
    }
    try {
      NativeFile file = NativeFile.open(folder, NativeFile.O_TMPFILE | NativeFile.O_RDWR);
      return new NewFile(file, path, folder, null, spec, steps);
    } catch (FileSystemException refusal) {
      if (!lacksTemporaryFiles(refusal)) {
        throw renamed(refusal, path);
      }
    }
    return openedUnderAnotherName(path, folder, spec, steps);
  }

  private static NewFile openedUnderAnotherName(
      Path path, Path folder, MapSpec spec, Consumer<CreationStep> steps) throws IOException {
    Path temporary = folder.resolve("." + path.getFileName() + "." + UUID.randomUUID() + ".new");
    int flags = NativeFile.O_CREAT | NativeFile.O_EXCL | NativeFile.O_RDWR;
    return new NewFile(NativeFile.open(temporary, flags), path, folder, temporary, spec, steps);
  }

  private static boolean lacksTemporaryFiles(FileSystemException refusal) {
    int errno = refusal.getCause() instanceof PmemException cause ? cause.errno() : 0;
    return errno == NativeCalls.EOPNOTSUPP
        || errno == NativeCalls.EISDIR
        || errno == NativeCalls.EINVAL;
  }

  /** Returns the same refusal with the caller's path. */
  private static FileSystemException renamed(FileSystemException refusal, Path path) {
    int errno = refusal.getCause() instanceof PmemException cause ? cause.errno() : 0;
    return NativeCalls.refusal(path, "create", errno, 0);
  }

  /**
   * Refuses paths that exist and lengths that do not fit, before blocks are allocated: a failed
   * allocation fills the file system for its other users. A file system without a limit (ramfs,
   * tmpfs with size=0) reports 0 bytes in total, and then the allocation is tried.
   */
  private static void checkRoom(Path path, Path folder, MapSpec spec) throws IOException {
    if (spec.lengthWithin(spec.newLength()) < 0) {
      throw new FileSystemException(path.toString(), null, "slice outside the new file: " + spec);
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    if (spec.isSparse() || !Files.exists(folder)) {
      return; // holes need no space; the open reports a missing folder
    }
    var store = Files.getFileStore(folder);
    if (store.getTotalSpace() > 0 && store.getUsableSpace() < spec.newLength()) {
      throw NativeCalls.refusal(path, "create", NativeCalls.ENOSPC, spec.newLength());
    }
  }

  @Override
  void allocate() throws IOException {
    if (spec.isSparse()) {
      try (RandomAccessFile whole = new RandomAccessFile(file.reopenable().toFile(), "rw")) {
        whole.setLength(spec.newLength());
      } catch (IOException reason) {
        throw told(path, reason);
      }
      return;
    }
    allocate(path, file, 0, spec.newLength());
  }

  /**
   * Makes a file of {@code from} bytes longer, by zeros with allocated blocks. Refuses what does
   * not fit before it fills the file system. After an exception the file may be longer.
   */
  static void allocate(Path path, NativeFile file, long from, long to) throws IOException {
    if (from == to) {
      return;
    }
    if (!file.hasRoom(to - from)) {
      throw NativeCalls.refusal(path, "fallocate", NativeCalls.ENOSPC, to - from);
    }
    boolean allocated;
    try {
      allocated = file.allocate(from, to - from);
    } catch (FileSystemException refusal) {
      throw renamed(refusal, path);
    }
    if (!allocated) {
      try {
        Uninterrupted.open(
            file.reopenable(), channel -> writeZeros(channel, from, to), StandardOpenOption.WRITE);
      } catch (IOException reason) {
        throw told(path, reason);
      }
    }
  }

  private static Path writeZeros(FileChannel channel, long from, long to) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZEROS_AT_ONCE, to - from));
    for (long at = from; at < to; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), to - at));
      at += channel.write(zeros, at);
    }
    return Path.of("");
  }

  @Override
  void sync() throws IOException {
    sync(file);
  }

  @Override
  void giveName() throws IOException {
    if (temporary == null) {
      file.linkAs(path);
    } else {
      move(temporary, path);
      temporary = null;
    }
  }

  @Override
  void syncFolder() throws IOException {
    syncFolder(folder, file);
  }

  @Override
  void removeName() throws IOException {
    Files.deleteIfExists(path);
  }

  /** Renames a file; fails if the new name exists. */
  static void move(Path from, Path to) throws IOException {
    if (NativeCalls.exists("renameat2")) {
      try {
        NativeFile.rename(from, to);
        return;
      } catch (FileAlreadyExistsException taken) {
        throw taken;
      } catch (FileSystemException refusal) {
        int errno = refusal.getCause() instanceof PmemException cause ? cause.errno() : 0;
        if (errno != NativeCalls.EINVAL && errno != NativeCalls.ENOSYS) {
          throw refusal;
        }
      }
    }
    Files.createLink(to, from);
    Files.delete(from);
  }

  /** Makes the names in a folder durable by fsync(2), or by syncfs(2) on a file in it. */
  static void syncFolder(Path folder, NativeFile inIt) throws IOException {
    try {
      Uninterrupted.open(
          folder,
          channel -> {
            channel.force(true);
            return folder;
          },
          StandardOpenOption.READ);
    } catch (AccessDeniedException onlyToBeWritten) {
      inIt.syncFileSystem();
    } catch (FileSystemException refusal) {
      throw refusal;
    } catch (IOException reason) {
      throw told(folder, reason);
    }
  }

  /** Calls fsync(2) through the JDK. */
  static void sync(NativeFile file) throws IOException {
    try (RandomAccessFile reopened = new RandomAccessFile(file.reopenable().toFile(), "r")) {
      reopened.getFD().sync();
    } catch (IOException reason) {
      throw told(file.path, reason);
    }
  }

  static FileSystemException told(Path path, IOException reason) {
    if (reason instanceof FileSystemException named && path.toString().equals(named.getFile())) {
      return named;
    }
    FileSystemException told =
        new FileSystemException(
            path.toString(), null, Objects.toString(reason.getMessage(), reason.toString()));
    told.initCause(reason);
    return told;
  }

  private void discard() {
    close();
    file.close();
  }

  /** Removes the temporary name; the file remains open. */
  @Override
  public void close() {
    if (temporary != null) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException stays) {
        // A hidden file stays behind; the failure that led here is reported instead.
      }
    }
  }
}
