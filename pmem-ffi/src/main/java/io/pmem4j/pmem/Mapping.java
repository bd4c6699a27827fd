// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * A mapped range and the way to make it durable, which is decided once, at construction. Ranges are
 * offsets in {@link #memory}, in bytes, and not empty. {@link PmemRegion} has checked that they lie
 * inside.
 */
abstract class Mapping {
  /** A call on a range, as exceptions name it. */
  enum Call {
    FLUSH("flush"),
    PERSIST("persist"),
    DEEP_PERSIST("deepPersist"),
    WRITE_FILL("write"),
    WRITE("write");

    final String operation;

    Call(String operation) {
      this.operation = operation;
    }
  }

  /** The path that exceptions name. */
  final Path path;

  /** The offset of the memory in the file, in bytes; exceptions name offsets in the file. */
  final long fileOffset;

  /** The memory, in the caller's arena; read-only only if it was mapped so. */
  final MemorySegment memory;

  Mapping(Path path, long fileOffset, MemorySegment memory) {
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

  /** Opens the mapped file once more, even if its path leads to another file by now. */
  NativeFile reopen(boolean writable) throws IOException {
    return NativeFile.open(path, writable ? NativeFile.O_RDWR : NativeFile.O_RDONLY);
  }

  abstract void flush(long offset, long length);

  abstract void drain();

  abstract void persist(long offset, long length);

  abstract void deepPersist(long offset, long length);

  /** Copies all of {@code source}, which is not empty, and flushes. */
  void write(long offset, MemorySegment source, Caching how) {
    MemorySegment.copy(source, 0, memory, offset, source.byteSize());
    flush(offset, source.byteSize());
  }

  /** Fills the range with a value and flushes it. */
  void writeFill(long offset, long length, byte value, Caching how) {
    memory.asSlice(offset, length).fill(value);
    flush(offset, length);
  }

  /** Throws the exception of an access to the memory; for calls that make no access. */
  final void checkUsable() {
    if (!memory.isAccessibleBy(Thread.currentThread())) {
      throw new WrongThreadException("the region is confined to another thread");
    }
    if (!memory.scope().isAlive()) {
      throw UseGuard.closed();
    }
  }

  /** Throws unless the granularity is as fine as {@link MapSpec#require} demands. */
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
