// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.LongToIntFunction;

/**
 * A mapping whose stores libpmem writes back, by critical calls on raw addresses. Native code
 * stores to no page that may have no block. Where the file may have holes, Java first stores to
 * each page, where a fault is an exception.
 */
final class LibPmemMapping extends GuardedMapping {
  private static final int PAGE_BYTES = PageWindow.PAGE_BYTES;

  private final long address;

  LibPmemMapping(Parts parts) {
    super(parts);
    this.address = memory.address();
  }

  @Override
  Backend backend() {
    return Backend.LIBPMEM;
  }

  @Override
  String domain() {
    if (memory.isReadOnly()) {
      return "mapped read-only";
    }
    String forced =
        RawMapping.isForced() ? "; forced by PMEM_IS_PMEM_FORCE=1, not durable on power loss" : "";
    return switch (granularity()) {
      case BYTE -> "memory: caches are durable, stores are fenced" + forced;
      case CACHE_LINE ->
          ("1".equals(System.getenv("PMEM_NO_FLUSH"))
                  ? "memory: nothing is written back because of PMEM_NO_FLUSH=1, durable only where"
                      + " caches are"
                  : "memory: cache lines written back by libpmem")
              + forced;
      case PAGE -> "storage: pages written by msync";
    };
  }

  @Override
  void flushLines(long offset, long length) {
    if (granularity() == Granularity.CACHE_LINE) {
      NativePmem.flush(address + offset, length);
    }
  }

  @Override
  void drainLines() {
    NativePmem.drain();
  }

  @Override
  void persistLines(long offset, long length) {
    if (granularity() == Granularity.CACHE_LINE) {
      if (length <= NativePmem.CRITICAL_BYTES) {
        NativePmem.persist(address + offset, length);
        return;
      }
      NativePmem.flush(address + offset, length);
    }
    NativePmem.drain();
  }

  @Override
  void deepPersistLines(long offset, long length) {
    Optional<NativePmem.Failure> failed = NativePmem.deepPersist(address + offset, length);
    if (failed.isPresent()) {
      throw failed(
          failure(
              Call.DEEP_PERSIST.operation,
              failed.get().errno(),
              failed.get().message(),
              offset,
              length));
    }
  }

  @Override
  boolean writeLines(long offset, MemorySegment source, Caching how) {
    if (!MappedRanges.isTrusted(source)) {
      return false;
    }
    allocate(offset, source.byteSize(), at -> source.get(ValueLayout.JAVA_BYTE, at));
    NativePmem.write(address + offset, source, how);
    return true;
  }

  @Override
  boolean fillLines(long offset, long length, byte value, Caching how) {
    allocate(offset, length, _ -> value);
    NativePmem.fill(address + offset, length, value, how);
    return true;
  }

  /**
   * Makes the file system allocate a block for each page of the range. It stores a byte of the
   * value that is about to be stored there.
   *
   * @throws PmemMediaException if the file system has no block left
   */
  private void allocate(long offset, long length, LongToIntFunction value) {
    if (!mayHaveHoles()) {
      return;
    }
    long end = offset + length;
    // A mapping begins on a page boundary, a slice of a device anywhere.
    long skew = address & (PAGE_BYTES - 1);
    for (long at = offset; at < end; ) {
      try {
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) value.applyAsInt(at - offset));
        MediaFault.deliver();
      } catch (InternalError fault) {
        throw PmemMediaException.at(
            "write",
            path,
            fileOffset + at,
            Math.min(PAGE_BYTES, end - at),
            MediaFault.checked(fault));
      }
      at = ((at + skew) & -PAGE_BYTES) + PAGE_BYTES - skew;
    }
  }
}
