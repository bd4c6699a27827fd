// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A mapped range and what makes it durable: the part of a region that differs between backends.
 * Ranges given to it are inside {@link #memory}, bytes from its start, not empty; {@link
 * PmemRegion} has checked that. Which of the durability methods does what is decided once, when it
 * is made.
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

  abstract void flush(long offset, long length);

  abstract void drain();

  abstract void persist(long offset, long length);

  final PmemException failure(String operation, int errno, String detail, long at, long length) {
    return new PmemException(operation, errno, detail, path, fileOffset + at, length);
  }
}
