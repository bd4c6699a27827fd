// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * The calls of libc on pages: mmap(2), msync(2), munmap(2), memfd_create(2), futex(2) and close(2),
 * with the values of Linux on x86-64 and AArch64.
 */
final class NativePages {
  static final int PROT_READ = 1;
  static final int PROT_WRITE = 2;
  static final int MAP_SHARED = 0x01;
  static final int MAP_PRIVATE = 0x02;
  static final int MAP_SHARED_VALIDATE = 0x03;
  static final int MAP_FIXED = 0x10;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MAP_NORESERVE = 0x4000;
  static final int MAP_SYNC = 0x80000;

  private static final int MS_SYNC = 4;
  private static final int MFD_CLOEXEC = 1;
  private static final long MAP_FAILED = -1;

  private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");
  private static final long SYS_FUTEX = AARCH64 ? 98 : 202;
  private static final long SYS_MSYNC = AARCH64 ? 227 : 26;
  private static final int FUTEX_WAKE_OP = 5;
  private static final int FUTEX_PRIVATE_FLAG = 128;
  private static final int FUTEX_OP_ADD_ZERO = 1 << 28;
  private static final int EFAULT = 14;

  /** The handle of futex(2), which has one argument more than {@link NativeCalls#call}. */
  private static final class Futex {
    static final MethodHandle SYSCALL =
        NativeCalls.LINKER.downcallHandle(
            NativeCalls.LINKER.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT),
            Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(1));

    private Futex() {}
  }

  private static final MethodHandle CLOSE = NativeCalls.reporting("close");
  private static final MethodHandle MEMFD_CREATE = NativeCalls.reporting("memfd_create");
  private static final MethodHandle MMAP = NativeCalls.reporting("mmap");
  private static final MethodHandle MUNMAP = NativeCalls.reporting("munmap");
  private static final MethodHandle SYSCALL = NativeCalls.reporting("syscall");

  /** The size of a page, a power of two, which msync needs; larger than 4 KiB on some machines. */
  static final long SYSTEM_PAGE = systemPage();

  private NativePages() {}

  private static long systemPage() {
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle size = NativeCalls.reporting("getpagesize");
      return (int) NativeCalls.call(size, NativeCalls.state(arena), 0, 0, 0, 0, 0, 0);
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  /** Returns the descriptor of an empty file without a name, by memfd_create(2). */
  static int emptyFile() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      MemorySegment name = arena.allocateFrom("nothing");
      int descriptor =
          (int) NativeCalls.call(MEMFD_CREATE, state, name.address(), MFD_CLOEXEC, 0, 0, 0, 0);
      return checked("memfd_create", Path.of("nothing"), descriptor, state);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  private static int checked(String call, Path path, int result, MemorySegment state)
      throws IOException {
    if (result < 0) {
      throw new FileSystemException(path.toString(), null, call + ": " + errno(state));
    }
    return result;
  }

  /**
   * Stores the four bytes at an address, a multiple of four, back in one atomic step. An atomic
   * update by Java could end the JVM: before it is compiled it does not survive SIGBUS. The
   * kernel's does: futex(2), FUTEX_WAKE_OP that wakes no waiter.
   *
   * @return false if there is no memory behind the address
   */
  static boolean touch(long address) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      long result =
          (long)
              Futex.SYSCALL.invokeExact(
                  state,
                  SYS_FUTEX,
                  address,
                  FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG,
                  0,
                  0L,
                  address,
                  FUTEX_OP_ADD_ZERO);
      return result >= 0 || NativeCalls.errno(state) != EFAULT;
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  private static String errno(MemorySegment state) {
    int errno = NativeCalls.errno(state);
    return NativeCalls.words(errno) + " (errno " + errno + ")";
  }

  /** Closes a descriptor; close(2) loses no data here. */
  static void close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) NativeCalls.call(CLOSE, NativeCalls.state(arena), descriptor, 0, 0, 0, 0, 0);
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  /** Calls mmap(2); returns the address. */
  static long mmap(long address, long length, int prot, int flags, int descriptor, long offset)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      long result = NativeCalls.call(MMAP, state, address, length, prot, flags, descriptor, offset);
      if (result == MAP_FAILED) {
        throw new IOException("mmap of " + length + " bytes: " + errno(state));
      }
      return result;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /**
   * Writes the pages of a part of a range to the medium by msync(2). {@link MemorySegment#force}
   * makes the same call at a higher cost. It is used in virtual threads: the JDK compensates for
   * the blocked carrier. The call goes through syscall(2), because msync of the C library is a
   * point of cancellation, which takes two atomic instructions.
   *
   * @throws UncheckedIOException if the kernel reports an error
   */
  static void msync(RawMapping range, long offset, long length) {
    if (Thread.currentThread().isVirtual()) {
      range.forced(offset, length).force();
      return;
    }
    long begin = range.address() + offset;
    long start = begin & -SYSTEM_PAGE;
    MemorySegment state = NativeCalls.ownState();
    int result;
    try {
      result =
          (int)
              NativeCalls.call(
                  SYSCALL, state, SYS_MSYNC, start, begin + length - start, MS_SYNC, 0, 0);
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
    if (result != 0) {
      throw new UncheckedIOException(new IOException("msync: " + errno(state)));
    }
  }

  /** Unmaps a range of {@link #mmap} by munmap(2). */
  static void munmap(long address, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = NativeCalls.state(arena);
      int result = (int) NativeCalls.call(MUNMAP, state, address, length, 0, 0, 0, 0);
      if (result != 0) {
        throw new IllegalStateException("munmap of " + length + " bytes: " + errno(state));
      }
    } catch (Throwable thrown) {
      throw NativeCalls.unexpected(thrown);
    }
  }

  private static IOException rethrown(Throwable thrown) {
    return thrown instanceof IOException failure
        ? failure
        : new IOException(NativeCalls.unexpected(thrown));
  }
}
