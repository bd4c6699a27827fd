// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The ranges of a file that hold data; the rest is holes and reads as zeros. An image of 64 MiB
 * that a short program touched has a few hundred pages of data, and the kernel knows which
 * (lseek(2), SEEK_DATA and SEEK_HOLE); java.nio has no call for that. A file system without holes
 * answers that everything is data, which is correct but slower.
 */
final class SparseRanges {
  private static final int O_RDONLY_CLOEXEC = 0x80000;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int ENXIO = 6;

  private static final StructLayout ERRNO = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO_VALUE =
      ERRNO.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle OPEN =
      function("open", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
  private static final MethodHandle LSEEK =
      function(
          "lseek",
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_INT,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_INT);
  private static final MethodHandle CLOSE =
      function("close", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);

  /**
   * A stretch of data.
   *
   * @param offset from the start of the file, bytes
   * @param length bytes, more than 0
   */
  record Range(long offset, long length) {
    long end() {
      return offset + length;
    }
  }

  private SparseRanges() {}

  @SuppressWarnings("restricted") // libc's own functions, with the signatures of POSIX
  private static MethodHandle function(
      String name, MemoryLayout result, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"));
  }

  /** The ranges of a file, ascending and disjoint. */
  static List<Range> of(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = arena.allocate(ERRNO);
      int fd = (int) OPEN.invokeExact(errno, arena.allocateFrom(file.toString()), O_RDONLY_CLOEXEC);
      if (fd < 0) {
        throw failed("open", file, errno);
      }
      try {
        return ranges(fd, file, errno);
      } finally {
        int ignored = (int) CLOSE.invokeExact(errno, fd);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a call of libc threw", e);
    }
  }

  private static List<Range> ranges(int fd, Path file, MemorySegment errno) throws Throwable {
    List<Range> ranges = new ArrayList<>();
    long end = 0;
    while (true) {
      long start = (long) LSEEK.invokeExact(errno, fd, end, SEEK_DATA);
      if (start < 0) {
        if ((int) ERRNO_VALUE.get(errno, 0L) == ENXIO) {
          return ranges;
        }
        throw failed("SEEK_DATA", file, errno);
      }
      end = (long) LSEEK.invokeExact(errno, fd, start, SEEK_HOLE);
      if (end <= start) {
        throw failed("SEEK_HOLE", file, errno);
      }
      ranges.add(new Range(start, end - start));
    }
  }

  private static IOException failed(String call, Path file, MemorySegment errno) {
    return new IOException(call + " of " + file + ": errno " + (int) ERRNO_VALUE.get(errno, 0L));
  }
}
