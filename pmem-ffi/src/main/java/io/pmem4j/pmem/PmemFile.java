// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A regular file that grows, shrinks and is renamed while parts of it are mapped: one descriptor,
 * one lock, many regions.
 *
 * {@snippet :
 * try (PmemFile file = PmemFile.open(path, MapSpec.openOrCreate(1 << 20).exclusive());
 *     Arena arena = Arena.ofShared()) {
 *   file.extend(2 << 20); // allocated and durable, or an exception
 *   PmemRegion tail = file.region(1 << 20, 1 << 20, arena);
 *   tail.publishLong(0, 42);
 * }
 * }
 *
 * <p><b>Durability.</b> The length, the blocks and the name are durable when the method that
 * changed them returns. After a kill or a power cut in between, the file has the length or the name
 * of before or after.
 *
 * <p><b>Lifetime.</b> A region lives as long as its arena, also after {@link #close}. The lock of
 * an exclusive file is held until the file and all its regions are closed.
 *
 * <p>Paths below the folder of a {@link RegionProvider} are its own: without change of the program
 * its files grow and are renamed on the provider's medium.
 *
 * <p>Thread-safe. An interrupt does not stop a call and stays pending.
 */
public final class PmemFile implements AutoCloseable {
  private final MapSpec spec;
  private final FileCalls file;
  private volatile Path path;
  private volatile boolean closed;

  /** The number of truncations begun; a channel maps anew after each. Written under the lock. */
  private volatile int truncations;

  private PmemFile(Path path, MapSpec spec, FileCalls file) {
    this.path = path;
    this.spec = spec;
    this.file = file;
  }

  /**
   * Opens or creates a file as {@link Pmem#map} does, and maps nothing.
   *
   * @param spec of a whole file; {@link MapSpec#openOrCreateEmpty} is allowed
   * @throws IOException as by {@link Pmem#map}; devices are refused
   * @throws IllegalArgumentException if the specification is of a slice
   */
  public static PmemFile open(Path path, MapSpec spec) throws IOException {
    if (spec.isSlice()) {
      throw new IllegalArgumentException("a slice is no file: " + spec);
    }
    Pmem.checkProvider(path);
    Optional<FileCalls> provided = RegionProviders.openFile(path, spec);
    return new PmemFile(path, spec, provided.isPresent() ? provided.get() : openHere(path, spec));
  }

  private static FileCalls openHere(Path path, MapSpec spec) throws IOException {
    Backend backend = Pmem.usableBackend(path, spec);
    return RegionMapper.openOrMake(
        path,
        spec,
        () -> checkFound(KernelFileCalls.open(path, spec, backend), path, spec),
        () -> KernelFileCalls.make(path, spec, backend));
  }

  /**
   * Returns an open file that was there, if it is as specified, and makes its length and its name
   * durable: the process that gave them may have been killed before its sync.
   */
  static FileCalls checkFound(FileCalls file, Path path, MapSpec spec) throws IOException {
    try {
      if (file.length() < spec.newLength()) {
        throw BackingFile.tooShort(path, file.length(), spec);
      }
      if (!spec.isReadOnly()) {
        file.sync();
      }
      if (spec.creates()) {
        file.syncFolder(file.folder(path));
      }
      return file;
    } catch (IOException | RuntimeException | Error failure) {
      file.release();
      throw failure;
    }
  }

  /** Returns the path: that of {@link #open}, or of the last {@link #rename}. */
  public Path path() {
    return path;
  }

  /** Returns the length in bytes. */
  public long length() throws IOException {
    checkOpen();
    return file.length();
  }

  boolean isReadOnly() {
    return spec.isReadOnly();
  }

  int truncations() {
    return truncations;
  }

  FileCalls calls() {
    return file;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException(path + " is closed");
    }
  }

  private void checkWritable() {
    checkOpen();
    if (spec.isReadOnly()) {
      throw new IllegalArgumentException(path + " is open read-only");
    }
    file.check("extend", path, 0, 0);
  }

  /**
   * Makes the file at least this long. The new bytes are zeros, and blocks are allocated for them:
   * if there is no room, this method throws and no later store does. After an exception the length
   * is unchanged.
   *
   * @param length bytes; nothing happens if the file is so long
   * @throws FileSystemException if the disk or the quota is full, or the file too large
   * @throws PmemException if the length cannot be made durable; the file has then failed for good
   */
  public synchronized void extend(long length) throws IOException {
    checkWritable();
    long now = file.length();
    if (length <= now) {
      return;
    }
    try {
      file.allocate(path, now, length);
    } catch (IOException | RuntimeException | Error refused) {
      file.setLength(path, now);
      throw refused;
    }
    sync("extend", now, length - now);
    PmemEvents.extended(path, now, length);
  }

  /**
   * Cuts the file. First every region of it in this JVM loses its pages past the new end for good:
   * loads, stores and persists there throw {@link PmemMediaException}, also if the file grows
   * again. The page of the new end stays, and its bytes past the end are not kept. {@link
   * PageWindow}s are not told.
   *
   * @param length bytes; nothing happens if the file is not longer
   * @throws FileSystemException if native code may be at work in a region that this method cannot
   *     wait for: a confined one of another thread, one of the global arena, or one that is in use
   *     for more than two seconds. The length is then unchanged
   * @throws PmemException if the length cannot be made durable; the file has then failed for good
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  public synchronized void truncate(long length) throws IOException {
    checkWritable();
    if (length < 0) {
      throw new IllegalArgumentException("length " + length);
    }
    if (length >= file.length()) {
      return;
    }
    truncations = truncations + 1;
    file.revokeFrom(length);
    file.setLength(path, length);
    sync("truncate", length, 0);
  }

  /** Calls fsync(2); its failure is final. */
  void sync(String operation, long offset, long length) {
    file.check(operation, path, offset, length);
    try {
      file.sync();
    } catch (IOException reason) {
      PmemException failure =
          new PmemException(operation, 0, reason.toString(), path, offset, length);
      failure.initCause(reason);
      throw file.fail(failure);
    }
  }

  /**
   * Renames the file and makes both names durable by syncs of their folders. After a kill in
   * between the file has one of the two names; on file systems without renameat2(2) it may have
   * both.
   *
   * @param to the new path, on the same file system
   * @throws java.nio.file.FileAlreadyExistsException if there is a file of the new name
   * @throws FileSystemException if the path no longer leads to this file, or the new one is on
   *     another file system
   */
  public synchronized void rename(Path to) throws IOException {
    checkOpen();
    Pmem.checkProvider(to);
    Path from = file.resolve(path);
    file.move(from, to);
    path = to;
    Path newFolder = file.folder(to);
    file.syncFolder(newFolder);
    Path oldFolder = Objects.requireNonNull(from.getParent());
    if (!file.isSameFolder(oldFolder, newFolder)) {
      file.syncFolder(oldFolder);
    }
  }

  /**
   * Maps a part of the file. It shares the descriptor and the lock of the file.
   *
   * @param offset bytes from the start of the file, a multiple of 8
   * @param length bytes, at least 1
   * @param arena as by {@link Pmem#map}
   * @throws FileSystemException if the part is not inside the file, or as by {@link Pmem#map}
   * @throws IllegalArgumentException if the offset is negative or no multiple of 8
   */
  public PmemRegion region(long offset, long length, Arena arena) throws IOException {
    if (offset < 0 || offset % Long.BYTES != 0) {
      throw new IllegalArgumentException("offset " + offset + " is not a multiple of 8");
    }
    arena.allocate(1);
    synchronized (this) { // a truncation revokes each region that is there
      checkOpen();
      return file.map(path, offset, length, arena);
    }
  }

  /**
   * Returns a new channel over the file. It loads and stores through a mapping, and writes past the
   * mapped part, so that a full disk is an exception of the write. {@link FileChannel#force}
   * persists what the channel has stored; its writes are not durable before.
   *
   * <p>Locks are of the whole file, whatever range is asked for, and exclude other processes that
   * use this library or flock(2). {@link FileChannel#map} is not supported; see {@link #region}. A
   * fault of the medium, or a hole that cannot be filled, is an {@link IOException}. Unlike the
   * JDK's channels it is not closed by an interrupt.
   */
  public FileChannel channel() {
    checkOpen();
    return new PmemFileChannel(this, false);
  }

  /**
   * Opens or creates a file as {@link #open} does, and returns a {@link #channel} whose close
   * closes the file too.
   */
  public static FileChannel openChannel(Path path, MapSpec spec) throws IOException {
    return new PmemFileChannel(open(path, spec), true);
  }

  /** Closes the file; regions stay. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      file.release();
    }
  }
}
