// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import jdk.nio.mapmode.ExtendedMapMode;
import org.jspecify.annotations.Nullable;

/**
 * A range of a file or device in this process's address space, made by mmap(2) and unmapped here.
 *
 * @param address of the first byte
 * @param length in bytes
 * @param granularity of stores to the range
 * @param forced the range as the JDK has mapped it, for {@link MemorySegment#force}. It is in the
 *     global arena, because closing another one would stop a force in the middle. Null where
 *     nothing is forced
 * @param isDevice true for a DAX device, which libpmem has mapped
 */
record RawMapping(
    long address,
    long length,
    Granularity granularity,
    @Nullable MemorySegment forced,
    boolean isDevice) {

  /** The environment variable that makes libpmem treat any file, or none, as memory. */
  private static final String FORCE = "PMEM_IS_PMEM_FORCE";

  /** The size of a huge page in bytes; it needs addresses congruent to offsets in the file. */
  private static final long HUGE_BYTES = 2L << 20;

  static boolean isForced() {
    return "1".equals(System.getenv(FORCE));
  }

  /** Maps a part of a regular file. */
  static RawMapping of(Path path, NativeFile file, MapSpec spec, long length, Backend backend)
      throws IOException {
    try {
      MappingBudget.process().reserve();
      if (spec.isReadOnly()) {
        return forLoads(file, spec, length, backend);
      }
      return backend == Backend.JDK
          ? byTheJdk(path, file, spec, length)
          : forLibpmem(file, spec, length);
    } catch (IOException reason) {
      throw NewFile.told(path, reason);
    }
  }

  private static RawMapping forLoads(NativeFile file, MapSpec spec, long length, Backend backend)
      throws IOException {
    int sync = NativePages.MAP_SHARED_VALIDATE | NativePages.MAP_SYNC;
    Granularity granularity =
        backend == Backend.LIBPMEM ? memoryGranularity() : Granularity.CACHE_LINE;
    long address;
    try {
      address = mmap(file, spec, length, NativePages.PROT_READ, sync);
    } catch (IOException notGranted) {
      granularity = Granularity.PAGE;
      address = mmap(file, spec, length, NativePages.PROT_READ, NativePages.MAP_SHARED);
    }
    return new RawMapping(address, length, granularity, null, false);
  }

  private static RawMapping byTheJdk(Path path, NativeFile file, MapSpec spec, long length)
      throws IOException {
    if (!spec.accepts(Granularity.CACHE_LINE)) {
      throw new FileSystemException(
          path.toString(),
          null,
          "the JDK knows no granularity finer than CACHE_LINE; required is " + spec.coarsest());
    }
    try {
      return jdkMap(file, spec, length, ExtendedMapMode.READ_WRITE_SYNC, Granularity.CACHE_LINE);
    } catch (IOException | UnsupportedOperationException _) {
      // Not this medium, or not this processor. The plain map reports any other failure again.
      return jdkMap(file, spec, length, FileChannel.MapMode.READ_WRITE, Granularity.PAGE);
    }
  }

  private static RawMapping jdkMap(
      NativeFile file, MapSpec spec, long length, FileChannel.MapMode mode, Granularity granularity)
      throws IOException {
    MemorySegment mapped =
        Uninterrupted.open(
            file.reopenable(),
            channel -> channel.map(mode, spec.offset(), length, Arena.global()),
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    return new RawMapping(mapped.address(), length, granularity, mapped, false);
  }

  /** Maps with MAP_SYNC, which the kernel grants only where written-back lines are durable. */
  private static RawMapping forLibpmem(NativeFile file, MapSpec spec, long length)
      throws IOException {
    int prot = NativePages.PROT_READ | NativePages.PROT_WRITE;
    int sync = NativePages.MAP_SHARED_VALIDATE | NativePages.MAP_SYNC;
    if (!"0".equals(System.getenv(FORCE))) {
      try {
        long address = mmap(file, spec, length, prot, sync);
        return new RawMapping(address, length, memoryGranularity(), null, false);
      } catch (IOException notGranted) {
        if (isForced()) {
          long address = mmap(file, spec, length, prot, NativePages.MAP_SHARED);
          return new RawMapping(address, length, memoryGranularity(), null, false);
        }
      }
    }
    return jdkMap(file, spec, length, FileChannel.MapMode.READ_WRITE, Granularity.PAGE);
  }

  private static Granularity memoryGranularity() {
    return LibPmemProbe.absence().isEmpty() && NativePmem.hasAutoFlush()
        ? Granularity.BYTE
        : Granularity.CACHE_LINE;
  }

  /** Maps at an address that is congruent to the offset in the file, modulo 2 MiB. */
  private static long mmap(NativeFile file, MapSpec spec, long length, int prot, int flags)
      throws IOException {
    if (length < HUGE_BYTES || length > Long.MAX_VALUE - HUGE_BYTES) {
      return NativePages.mmap(0, length, prot, flags, file.descriptor, spec.offset());
    }
    int reserving = NativePages.MAP_PRIVATE | NativePages.MAP_ANONYMOUS | NativePages.MAP_NORESERVE;
    long pages = -Math.floorDiv(-length, (long) PageWindow.PAGE_BYTES) * PageWindow.PAGE_BYTES;
    long reserved = NativePages.mmap(0, pages + HUGE_BYTES, 0, reserving, -1, 0);
    long address = reserved + Math.floorMod(spec.offset() - reserved, HUGE_BYTES);
    try {
      NativePages.mmap(
          address, length, prot, flags | NativePages.MAP_FIXED, file.descriptor, spec.offset());
    } catch (IOException refused) {
      NativePages.munmap(reserved, pages + HUGE_BYTES);
      throw refused;
    }
    if (address > reserved) {
      NativePages.munmap(reserved, address - reserved);
    }
    long end = reserved + pages + HUGE_BYTES;
    if (address + pages < end) {
      NativePages.munmap(address + pages, end - address - pages);
    }
    return address;
  }

  /** Maps a whole DAX device; slices of it are segments. */
  static RawMapping ofDevice(Path path) throws IOException {
    NativePmem.MapResult result = NativePmem.mapDevice(path);
    if (result.failure().isPresent()) {
      NativePmem.Failure failure = result.failure().get();
      // For devices that are not DAX devices libpmem gives no message.
      String said = failure.message().isBlank() ? "is not a DAX device" : failure.message();
      throw NativeCalls.refusal(
          path, failure.errno(), said, new PmemException("map", failure.errno(), said, path, 0, 0));
    }
    NativePmem.DeviceMapping mapped = result.mapping().orElseThrow();
    if (!mapped.isPmem()) {
      NativePmem.unmap(mapped.address(), mapped.length());
      throw new FileSystemException(path.toString(), null, "is a device without DAX");
    }
    return new RawMapping(mapped.address(), mapped.length(), memoryGranularity(), null, true);
  }

  /**
   * Returns true if a load of the last byte proves that the file reaches to an offset. A truncation
   * takes all pages past EOF out of the memory, so that a file with the last byte reaches into the
   * last page, or into the last huge page where the kernel maps files by those.
   *
   * @param end an offset in a range that is forced
   * @param fileOffset the place of the range in the file
   * @return false if nothing is known: past the start of the last huge page, where pages are so
   *     large that it has another one, and where the load meets no memory
   */
  boolean reaches(long end, long fileOffset) {
    long last = fileOffset + length - 1;
    long lastHugePage = last / HUGE_BYTES * HUGE_BYTES - fileOffset;
    return NativePages.SYSTEM_PAGE <= PageWindow.PAGE_BYTES && end <= lastHugePage && hasLastByte();
  }

  private boolean hasLastByte() {
    try {
      byte last = Objects.requireNonNull(forced).get(ValueLayout.JAVA_BYTE, length - 1);
      MediaFault.deliver(last);
      return true;
    } catch (InternalError fault) {
      MediaFault.checked(fault);
      return false;
    }
  }

  /** Returns a part of a range that is forced, as the JDK has mapped it. */
  MemorySegment forced(long offset, long length) {
    return Objects.requireNonNull(forced).asSlice(offset, length);
  }

  /** Replaces the pages from an offset on by pages past EOF of an empty file. */
  void revoke(long from, boolean readOnly) throws IOException {
    long page = PageWindow.PAGE_BYTES;
    long start = -Math.floorDiv(-from, page) * page;
    long end = -Math.floorDiv(-length, page) * page;
    if (start < end) {
      NativePages.mmap(
          address + start,
          end - start,
          NativePages.PROT_READ | (readOnly ? 0 : NativePages.PROT_WRITE),
          NativePages.MAP_SHARED | NativePages.MAP_FIXED,
          PageWindow.EmptyFile.descriptor(),
          0);
    }
  }

  /** Unmaps the range; called once, after the last use. */
  void unmap(Path path) {
    if (!isDevice) {
      NativePages.munmap(address, length);
      return;
    }
    Optional<NativePmem.Failure> failed = NativePmem.unmap(address, length);
    if (failed.isPresent()) {
      throw new PmemException(
          "unmap", failed.get().errno(), failed.get().message(), path, 0, length);
    }
  }
}
