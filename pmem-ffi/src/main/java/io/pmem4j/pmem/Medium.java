// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * A mapped range and what makes it durable. Ranges given to it are inside {@link #memory}, bytes
 * from its start, not empty; {@link PmemRegion} has checked that. Which of the durability methods
 * does what is decided once, when it is made.
 */
abstract class Medium {
  /** What exceptions name. */
  final Path path;

  /** Where the memory begins in the file, in bytes: exceptions speak of places in the file. */
  final long fileOffset;

  /** In the caller's arena; writable unless mapped read-only. Loads and stores check liveness. */
  final MemorySegment memory;

  Medium(Path path, long fileOffset, MemorySegment memory) {
    this.path = path;
    this.fileOffset = fileOffset;
    this.memory = memory;
  }

  abstract Backend backend();

  abstract Granularity granularity();

  abstract String domain();

  /** Returns false only if each page of the memory has a block. */
  boolean mayHaveHoles() {
    return false;
  }

  /** Opens the mapped file once more, whatever its path leads to by now. */
  NativeFile reopen(boolean writable) throws IOException {
    return NativeFile.open(path, writable ? NativeFile.O_RDWR : NativeFile.O_RDONLY);
  }

  abstract void flush(long offset, long length);

  abstract void drain();

  abstract void persist(long offset, long length);

  abstract void deepPersist(long offset, long length);

  /** Copies all of {@code source}, not empty, and flushes. */
  void write(long offset, MemorySegment source, Caching how) {
    MemorySegment.copy(source, 0, memory, offset, source.byteSize());
    flush(offset, source.byteSize());
  }

  /** Fills and flushes. */
  void writeFill(long offset, long length, byte value, Caching how) {
    memory.asSlice(offset, length).fill(value);
    flush(offset, length);
  }

  /** Throws as an access to the memory would, for calls that make none. */
  final void checkUsable() {
    if (!memory.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException("the region is confined to another thread");
    }
    if (!memory.scope().isAlive()) {
      throw UseGuard.closed();
    }
  }

  /** For {@link MapSpec#require}: called before anything is left that a caller could hold. */
  static void refuseIfTooCoarse(Path path, MapSpec spec, Granularity granularity)
      throws FileSystemException {
    if (!spec.accepts(granularity)) {
      throw new FileSystemException(
          path.toString(),
          null,
          "granularity " + granularity + " is coarser than the required " + spec.coarsest());
    }
  }

  final PmemException failure(String operation, int errno, String detail, long at, long length) {
    return new PmemException(operation, errno, detail, path, fileOffset + at, length);
  }
}
