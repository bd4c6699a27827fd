// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import io.pmem4j.pmem.NativeFile.Identity;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that is mapped in this JVM, shared by all its mappings: one descriptor, one lock,
 * one record of the first write-back failure. It lives from the first mapping to the last. A later
 * mapping starts without the failure. Thread-safe.
 */
final class BackingFile {
  /** The f_type of hugetlbfs, which keeps no data and maps only huge pages. */
  private static final long HUGETLBFS_MAGIC = 0x958458f6L;

  /** The f_types of tmpfs and ramfs. */
  private static final long TMPFS_MAGIC = 0x01021994L;

  private static final long RAMFS_MAGIC = 0x858458f6L;

  private static final Map<Identity, BackingFile> OPEN = new HashMap<>();

  private final Identity identity;
  private final NativeFile file;

  // Guarded by OPEN.
  private int mappings;
  private int writers;
  private boolean exclusive;

  private final FirstFailure failure = new FirstFailure();

  /** The number of write-backs in progress. */
  private final AtomicInteger syncs = new AtomicInteger();

  /** The mappings by their address; guarded by itself. Weak, for automatic arenas. */
  private final Map<Long, WeakReference<GuardedMapping>> views = new HashMap<>();

  /** The name since the last rename by this library. */
  private volatile @Nullable Path renamed;

  /**
   * False on file systems in memory. Their fsync(2) and msync(2) do nothing and report nothing
   * (fs/libfs.c noop_fsync), so that no caller can miss an error that another one got.
   */
  private final boolean reportsErrors;

  private BackingFile(Identity identity, NativeFile file) throws IOException {
    this.identity = identity;
    this.file = file;
    long type = file.fileSystemType();
    this.reportsErrors = type != TMPFS_MAGIC && type != RAMFS_MAGIC;
  }

  /** Opens an existing regular file. */
  static NativeFile open(Path path, boolean readOnly) throws IOException {
    BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
    if (found.isDirectory()) {
      throw new FileSystemException(path.toString(), null, "is a directory");
    }
    // Opening a device may have side effects, and a FIFO waits for its writer.
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

  /** Returns true if the path is a character device, as DAX devices are. */
  static boolean isCharacterDevice(Path path) throws IOException {
    int mode = (Integer) Files.getAttribute(path, "unix:mode");
    return (mode & 0170000) == 0020000;
  }

  /**
   * Begins a mapping of an open file. This class closes the file from here on, also if it throws.
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
      return; // this file system has no locks, so no file of it is exclusive
    }
    if (!locked) {
      throw new FileLockedException(
          path,
          alone
              ? "is mapped for writing or locked by another process, so it cannot be exclusive"
              : "is mapped exclusively or locked by another process");
    }
  }

  /** Begins a mapping for a holder of this file, under the holder's lock. */
  void join(MapSpec spec) {
    synchronized (OPEN) {
      mappings++;
      if (!spec.isReadOnly()) {
        writers++;
      }
    }
  }

  /**
   * Excludes other processes until {@link #shareLock}; returns false if another one has the file.
   */
  boolean lockAlone() throws IOException {
    synchronized (OPEN) {
      if (exclusive || file.tryLock(NativeFile.LOCK_EX)) {
        return true;
      }
      file.tryLock(NativeFile.LOCK_SH); // a failed change has given up the lock
      return false;
    }
  }

  void shareLock() throws IOException {
    synchronized (OPEN) {
      if (!exclusive) {
        file.tryLock(NativeFile.LOCK_SH);
      }
    }
  }

  /** Adds a view, which {@link #revokeFrom} cuts until {@link #hide}. */
  void show(RawMapping raw, GuardedMapping view) {
    synchronized (views) {
      views.put(raw.address(), new WeakReference<>(view));
    }
  }

  /** Removes a view before its addresses are unmapped. */
  void hide(RawMapping raw) {
    synchronized (views) {
      views.remove(raw.address());
    }
  }

  /** Takes the pages past this offset out of all views, for good. */
  void revokeFrom(long offset) throws IOException {
    synchronized (views) {
      for (WeakReference<GuardedMapping> each : views.values()) {
        GuardedMapping view = each.get();
        if (view != null) {
          view.revokeFrom(offset);
        }
      }
    }
  }

  void renamed(Path to) {
    renamed = to;
  }

  /** Returns the name since the last rename by this library, or the given one. */
  Path nameOr(Path mapped) {
    Path now = renamed;
    return now == null ? mapped : now;
  }

  /** Ends one mapping of the file. */
  void release(MapSpec spec) {
    synchronized (OPEN) {
      if (!spec.isReadOnly()) {
        writers--;
        if (writers == 0) {
          exclusive = false;
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
      throw tooShort(path, fileLength, spec);
    }
    long length = spec.lengthWithin(fileLength);
    if (length < 0) {
      throw new FileSystemException(
          path.toString(), null, "slice outside a file of " + fileLength + " bytes: " + spec);
    }
    return length;
  }

  static FileSystemException tooShort(Path path, long length, MapSpec spec) {
    return new FileSystemException(
        path.toString(),
        null,
        "has " + length + " bytes, expected at least " + spec.newLength() + " by " + spec);
  }

  private static String expected(MapSpec spec) {
    return "at least " + Math.max(1, spec.newLength());
  }

  /** Throws if the file has failed, as {@link FirstFailure#check}. */
  void check(String operation, Path path, long offset, long length) {
    failure.check(operation, path, offset, length);
  }

  /** Fails the file for good, as {@link FirstFailure#fail}. */
  PmemException fail(PmemException reason) {
    return failure.fail(reason);
  }

  void beginSync() {
    if (reportsErrors) {
      syncs.getAndIncrement();
    }
  }

  /**
   * Ends a write-back, and returns true if another one is in progress. The kernel may have reported
   * an error to that one which concerns this one too, and it may not have recorded it yet.
   */
  boolean endSync() {
    return reportsErrors && syncs.getAndDecrement() > 1;
  }

  /**
   * Fails the file if the kernel has reported an error to a concurrent write-back. The shared open
   * file description gets each error once. A caller that gets it records it before the next asks.
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
