// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import io.pmem4j.pmem.NativeFile.Identity;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that is mapped in this JVM, once for all its mappings: one descriptor, one lock,
 * and one answer to the question if it can still be written back. It begins with the first mapping
 * and ends with the last; what is mapped after that is a new generation. Thread-safe.
 */
final class BackingFile {
  /** f_type of hugetlbfs, which keeps nothing and maps nothing smaller than a huge page. */
  private static final long HUGETLBFS_MAGIC = 0x958458f6L;

  private static final Map<Identity, BackingFile> OPEN = new HashMap<>();

  private final Identity identity;
  private final NativeFile file;

  // Guarded by OPEN.
  private int mappings;
  private int writers;
  private boolean exclusive;

  /** The first failure to write back; no promise can be made after it. */
  private volatile @Nullable PmemException failure;

  /** Write-backs in progress. */
  private final AtomicInteger syncs = new AtomicInteger();

  private BackingFile(Identity identity, NativeFile file) {
    this.identity = identity;
    this.file = file;
  }

  /** Opens a regular file that exists. */
  static NativeFile open(Path path, boolean readOnly) throws IOException {
    BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
    if (found.isDirectory()) {
      throw new FileSystemException(path.toString(), null, "is a directory");
    }
    // Opening a device may do something, and a FIFO would wait for its writer.
    if (!found.isRegularFile()) {
      throw new FileSystemException(path.toString(), null, "is not a regular file");
    }
    NativeFile file =
        NativeFile.open(
            path, (readOnly ? NativeFile.O_RDONLY : NativeFile.O_RDWR) | NativeFile.O_NONBLOCK);
    try {
      if (!Files.isRegularFile(file.reopenable())) {
        throw new FileSystemException(path.toString(), null, "is not a regular file");
      }
      if (file.fileSystemType() == HUGETLBFS_MAGIC) {
        throw new FileSystemException(
            path.toString(), null, "is on hugetlbfs, which keeps nothing; use tmpfs for tests");
      }
      return file;
    } catch (IOException | RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * Returns true if the path is a character device: DAX devices are, and only libpmem maps them.
   */
  static boolean isCharacterDevice(Path path) throws IOException {
    int mode = (Integer) Files.getAttribute(path, "unix:mode");
    return (mode & 0170000) == 0020000;
  }

  /**
   * Begins a mapping of an open file, which from here on is this object's to close, also when it
   * throws.
   *
   * @throws FileLockedException if another writer excludes this one, or is excluded by it
   */
  static BackingFile acquire(NativeFile opened, MapSpec spec) throws IOException {
    synchronized (OPEN) {
      BackingFile shared;
      boolean fresh;
      try {
        Identity identity = opened.status().identity();
        BackingFile known = OPEN.get(identity);
        // A descriptor for loads alone cannot be reopened for stores by those who come later.
        fresh = known == null;
        shared = known == null ? new BackingFile(identity, opened) : known;
        shared.lock(opened.path, spec);
      } catch (IOException | RuntimeException | Error failure) {
        opened.close();
        throw failure;
      }
      if (fresh) {
        OPEN.put(shared.identity, shared);
      } else {
        opened.close();
      }
      shared.mappings++;
      return shared;
    }
  }

  private void lock(Path path, MapSpec spec) throws IOException {
    if (spec.isReadOnly()) {
      return;
    }
    if (exclusive || (spec.isExclusive() && writers > 0)) {
      throw new FileLockedException(
          path,
          exclusive
              ? "is mapped exclusively in this JVM; close that region's arena first"
              : "is mapped for writing in this JVM, so it cannot be exclusive; close that region's"
                  + " arena first");
    }
    if (writers == 0) {
      lockAmongProcesses(path, spec.isExclusive());
    }
    exclusive = spec.isExclusive();
    writers++;
  }

  private void lockAmongProcesses(Path path, boolean alone) throws IOException {
    boolean locked;
    try {
      locked = file.tryLock(alone ? NativeFile.LOCK_EX : NativeFile.LOCK_SH);
    } catch (FileSystemException unsupported) {
      if (alone) {
        throw unsupported;
      }
      return; // no file of this file system can be exclusive
    }
    if (!locked) {
      throw new FileLockedException(
          path,
          alone
              ? "is mapped for writing or locked by another process, so it cannot be exclusive"
              : "is mapped exclusively or locked by another process");
    }
  }

  /** Ends a mapping. */
  void release(MapSpec spec) {
    synchronized (OPEN) {
      if (!spec.isReadOnly()) {
        writers--;
        exclusive = false;
        if (writers == 0) {
          file.unlock();
        }
      }
      mappings--;
      if (mappings == 0) {
        OPEN.remove(identity);
        file.close();
      }
    }
  }

  NativeFile file() {
    return file;
  }

  long length() throws IOException {
    return file.length();
  }

  /** Returns the length to map, after checking that the file has that range. */
  static long lengthToMap(Path path, NativeFile file, MapSpec spec) throws IOException {
    long fileLength = file.length();
    if (fileLength == 0) {
      throw new FileSystemException(
          path.toString(), null, "is empty; expected " + expected(spec) + " bytes");
    }
    if (fileLength < spec.newLength()) {
      throw new FileSystemException(
          path.toString(),
          null,
          "has " + fileLength + " bytes, expected at least " + spec.newLength() + " by " + spec);
    }
    long length = spec.lengthWithin(fileLength);
    if (length < 0) {
      throw new FileSystemException(
          path.toString(), null, "slice outside a file of " + fileLength + " bytes: " + spec);
    }
    return length;
  }

  private static String expected(MapSpec spec) {
    return "at least " + Math.max(1, spec.newLength());
  }

  /**
   * Throws if the file has failed.
   *
   * @throws PmemFailedFileException if so
   */
  void check(String operation, Path path, long offset, long length) {
    PmemException first = failure;
    if (first != null) {
      throw new PmemFailedFileException(operation, path, offset, length, first);
    }
  }

  /** Fails the file for good, unless it has failed before; returns what to throw. */
  PmemException fail(PmemException reason) {
    synchronized (OPEN) {
      if (failure == null) {
        failure = reason;
      }
    }
    return reason;
  }

  void beginSync() {
    syncs.getAndIncrement();
  }

  /**
   * Ends a write-back that was begun, and returns true if another one is in progress: that one may
   * have been told of an error that is ours too, and not have said so yet.
   */
  boolean endSync() {
    return syncs.getAndDecrement() > 1;
  }

  /**
   * Asks the kernel by a description of our own for an error that it has told another write-back of
   * the same file, and fails the file then. Whoever is told fails the file before another one asks.
   */
  void checkOtherSyncs(String operation, Path path, long offset, long length) {
    synchronized (syncs) {
      int errno = file.writeBackError(offset, length);
      if (errno == NativeCalls.EIO || errno == NativeCalls.ENOSPC || errno == NativeCalls.EDQUOT) {
        throw fail(
            new PmemException(operation, errno, NativeCalls.words(errno), path, offset, length));
      }
    }
    check(operation, path, offset, length);
  }
}
