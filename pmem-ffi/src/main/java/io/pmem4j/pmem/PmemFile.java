// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

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
 * <p>Thread-safe. An interrupt does not stop a call and stays pending.
 */
public final class PmemFile implements AutoCloseable {
  private final MapSpec spec;
  private final BackingFile file;
  private final Backend backend;
  private volatile Path path;
  private volatile boolean closed;

  /** The number of truncations begun; a channel maps anew after each. Written under the lock. */
  private volatile int truncations;

  private PmemFile(Path path, MapSpec spec, BackingFile file, Backend backend) {
    this.path = path;
    this.spec = spec;
    this.file = file;
    this.backend = backend;
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
    Backend backend = Pmem.usableBackend(path, spec);
    BackingFile file =
        RegionMapper.openOrMake(path, spec, () -> openExisting(path, spec), () -> make(path, spec));
    return new PmemFile(path, spec, file, backend);
  }

  private static BackingFile openExisting(Path path, MapSpec spec) throws IOException {
    BackingFile file = BackingFile.acquire(BackingFile.open(path, spec.isReadOnly()), spec);
    try {
      if (file.length() < spec.newLength()) {
        throw BackingFile.tooShort(path, file.length(), spec);
      }
      if (spec.creates()) {
        // The creator may have died before the name was durable.
        NewFile.syncFolder(RegionMapper.folder(path), file.file());
      }
      return file;
    } catch (IOException | RuntimeException | Error failure) {
      file.release(spec);
      throw failure;
    }
  }

  private static BackingFile make(Path path, MapSpec spec) throws IOException {
    try (NewFile made = NewFile.make(path, spec, MappingParts.STANDARD.steps())) {
      BackingFile file = BackingFile.acquire(made.file, spec);
      try {
        made.publish();
        return file;
      } catch (IOException | RuntimeException | Error failure) {
        file.release(spec);
        throw failure;
      }
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

  BackingFile backing() {
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
      NewFile.allocate(path, file.file(), now, length);
    } catch (IOException | RuntimeException | Error refused) {
      setLength(now);
      throw refused;
    }
    sync("extend", now, length - now);
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
    setLength(length);
    sync("truncate", length, 0);
  }

  private void setLength(long length) throws IOException {
    try (RandomAccessFile whole = new RandomAccessFile(file.file().reopenable().toFile(), "rw")) {
      whole.setLength(length);
    } catch (IOException reason) {
      throw NewFile.told(path, reason);
    }
  }

  /** Calls fsync(2); its failure is final. */
  void sync(String operation, long offset, long length) {
    file.check(operation, path, offset, length);
    try {
      NewFile.sync(file.file());
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
    Path from = path.toRealPath();
    try (NativeFile found = NativeFile.open(from, NativeFile.O_RDONLY | NativeFile.O_NONBLOCK)) {
      if (!found.status().identity().equals(file.file().status().identity())) {
        throw new FileSystemException(path.toString(), null, "no longer leads to the open file");
      }
    }
    NewFile.move(from, to);
    path = to;
    file.renamed(to);
    Path newFolder = RegionMapper.folder(to);
    NewFile.syncFolder(newFolder, file.file());
    Path oldFolder = Objects.requireNonNull(from.getParent());
    if (!Files.isSameFile(oldFolder, newFolder)) {
      NewFile.syncFolder(oldFolder, file.file());
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
    long before = offset % MapSpec.SLICE_ALIGNMENT;
    MapSpec part =
        (spec.isReadOnly() ? MapSpec.existing().readOnly() : MapSpec.existing())
            .require(spec.coarsest())
            .slice(offset - before, Math.addExact(length, before));
    Mapping mapping;
    synchronized (this) { // a truncation revokes each region that is there
      checkOpen();
      mapping = RegionMapper.mapWithin(file, path, part, arena, backend, MappingParts.STANDARD);
    }
    PmemRegion region = new PmemRegion(mapping);
    return before == 0 ? region : region.slice(before, length);
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
      file.release(spec);
    }
  }
}
