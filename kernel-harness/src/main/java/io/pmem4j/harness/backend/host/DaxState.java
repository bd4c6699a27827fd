// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The kernel's answer to the question whether a file is mapped without a page cache: {@code
 * STATX_ATTR_DAX} of statx(2), which Linux reports at this bit since 5.10. Mount options show only
 * the request.
 */
public enum DaxState {
  /** The file is mapped without a page cache. */
  DAX,
  /** The file is mapped through the page cache. */
  PAGE_CACHE,
  /** The kernel or the C library does not report it. */
  UNKNOWN;

  private static final int AT_FDCWD = -100;
  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final long STATX_ATTR_DAX = 0x20_0000;

  // struct statx, include/uapi/linux/stat.h
  private static final long STATX_BYTES = 256;
  private static final long STX_ATTRIBUTES = 8;
  private static final long STX_ATTRIBUTES_MASK = 56;

  @SuppressWarnings("restricted") // a call of the C library
  private static final Optional<MethodHandle> STATX =
      Linker.nativeLinker()
          .defaultLookup()
          .find("statx")
          .map(address ->
              Linker.nativeLinker()
                  .downcallHandle(
                      address,
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT,
                          ValueLayout.JAVA_INT,
                          ValueLayout.ADDRESS,
                          ValueLayout.JAVA_INT,
                          ValueLayout.JAVA_INT,
                          ValueLayout.ADDRESS)));

  /** Asks the kernel about a file; UNKNOWN also where the file cannot be reached. */
  public static DaxState of(Path file) {
    if (STATX.isEmpty()) {
      return UNKNOWN;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(STATX_BYTES, Long.BYTES);
      int result =
          (int) STATX.get().invokeExact(AT_FDCWD, name(file, arena), 0, STATX_BASIC_STATS, answer);
      if (result != 0) {
        return UNKNOWN;
      }
      long attributes = answer.get(ValueLayout.JAVA_LONG, STX_ATTRIBUTES);
      long known = answer.get(ValueLayout.JAVA_LONG, STX_ATTRIBUTES_MASK);
      if ((attributes & STATX_ATTR_DAX) != 0) {
        return DAX;
      }
      // The first kernels with the attribute do not name it in the mask.
      return (known & STATX_ATTR_DAX) != 0 ? PAGE_CACHE : UNKNOWN;
    } catch (Throwable e) {
      throw new IllegalStateException("statx cannot be called", e);
    }
  }

  /** The bytes of the name, whatever the locale: a path's URI has them as they are. */
  private static MemorySegment name(Path file, Arena arena) {
    String raw = file.toAbsolutePath().toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length() + 1);
    for (int i = 0; i < raw.length(); i++) {
      if (raw.charAt(i) == '%') {
        bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(raw.charAt(i));
      }
    }
    bytes.write(0);
    return arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes.toByteArray());
  }
}
