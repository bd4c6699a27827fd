// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The extents of a file, as the ioctl FIEMAP reports them (linux/fiemap.h).
 *
 * @param extents in the order of the file
 */
record FileExtents(List<Extent> extents) {
  /**
   * A part of a file that is in one piece on its device.
   *
   * @param fileOffset in bytes
   * @param deviceOffset in bytes, of the device that holds the file system
   */
  record Extent(long fileOffset, long deviceOffset, long length) {}

  private static final long FS_IOC_FIEMAP = 0xC020660BL;
  private static final int FIEMAP_FLAG_SYNC = 1;
  private static final int FIEMAP_EXTENT_LAST = 1;
  private static final int HEADER_BYTES = 32;
  private static final int EXTENT_BYTES = 56;
  private static final int AT_A_TIME = 64;
  private static final int O_RDONLY = 0;

  FileExtents {
    extents = List.copyOf(extents);
  }

  /** Returns the offset in the file of a byte of its device; empty if it is not the file's. */
  OptionalLong fileOffset(long deviceOffset) {
    return extents.stream()
        .filter(each -> deviceOffset >= each.deviceOffset)
        .filter(each -> deviceOffset < each.deviceOffset + each.length)
        .mapToLong(each -> each.fileOffset + deviceOffset - each.deviceOffset)
        .findFirst();
  }

  /**
   * Reads the extents of a file.
   *
   * @throws IOException if the file system does not tell
   */
  static FileExtents of(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = (int) Calls.OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY);
      if (descriptor < 0) {
        throw new IOException(file + " cannot be opened");
      }
      try {
        return read(file, descriptor, arena);
      } finally {
        int _ = (int) Calls.CLOSE.invokeExact(descriptor);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static FileExtents read(Path file, int descriptor, Arena arena) throws Throwable {
    MemorySegment map = arena.allocate(HEADER_BYTES + (long) AT_A_TIME * EXTENT_BYTES, 8);
    List<Extent> extents = new ArrayList<>();
    long from = 0;
    boolean last = false;
    while (!last) {
      map.fill((byte) 0);
      map.set(ValueLayout.JAVA_LONG, 0, from);
      map.set(ValueLayout.JAVA_LONG, 8, Long.MAX_VALUE - from);
      map.set(ValueLayout.JAVA_INT, 16, FIEMAP_FLAG_SYNC);
      map.set(ValueLayout.JAVA_INT, 24, AT_A_TIME);
      if ((int) Calls.IOCTL.invokeExact(descriptor, FS_IOC_FIEMAP, map) != 0) {
        throw new IOException(file + ": the file system has no FIEMAP");
      }
      int count = map.get(ValueLayout.JAVA_INT, 20);
      last = count == 0;
      for (int i = 0; i < count; i++) {
        long at = HEADER_BYTES + (long) i * EXTENT_BYTES;
        Extent extent =
            new Extent(
                map.get(ValueLayout.JAVA_LONG, at),
                map.get(ValueLayout.JAVA_LONG, at + 8),
                map.get(ValueLayout.JAVA_LONG, at + 16));
        extents.add(extent);
        from = extent.fileOffset + extent.length;
        last |= (map.get(ValueLayout.JAVA_INT, at + 40) & FIEMAP_EXTENT_LAST) != 0;
      }
    }
    return new FileExtents(extents);
  }

  /** The C library's calls. */
  @SuppressWarnings("restricted") // of foreign functions
  private static final class Calls {
    private static final Linker LINKER = Linker.nativeLinker();

    static final MethodHandle OPEN =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));

    static final MethodHandle CLOSE =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    static final MethodHandle IOCTL =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));
  }
}
