// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

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
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of a FUSE server. A result below 0 is a negative errno. All functions have one
 * shape, which they share with pmem-ffi: a function ignores the words that it does not have.
 */
final class KernelCalls {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int ENODEV = 19;
  static final int EINVAL = 22;
  static final int ENOTTY = 25;
  static final int ENOSYS = 38;
  static final int ECONNABORTED = 103;
  static final int ENOTCONN = 107;

  static final int O_RDWR = 2;
  static final int O_CLOEXEC = 02000000;

  static final long MS_RDONLY = 1;
  static final long MS_NOSUID = 2;
  static final long MS_NODEV = 4;
  static final long MS_NOEXEC = 8;
  static final int MNT_FORCE = 1;
  static final int MNT_DETACH = 2;

  /** Of {@code struct statfs} on x86-64: 120. */
  private static final long STATFS_BYTES = 256;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN = function("open");
  private static final MethodHandle CLOSE = function("close");
  private static final MethodHandle READ = function("read");
  private static final MethodHandle WRITE = function("write");
  private static final MethodHandle STATFS = function("statfs");
  private static final MethodHandle SYNCFS = function("syncfs");
  private static final MethodHandle MOUNT = function("mount");
  private static final MethodHandle UMOUNT2 = function("umount2");
  private static final MethodHandle MMAP = function("mmap");
  private static final MethodHandle MUNMAP = function("munmap");
  private static final MethodHandle GET_AFFINITY = function("sched_getaffinity");
  private static final MethodHandle SET_AFFINITY = function("sched_setaffinity");

  /** The C library has no function for io_uring; the numbers are those of every architecture. */
  private static final MethodHandle SYSCALL = function("syscall", 7);

  private static final int IO_URING_SETUP = 425;
  private static final int IO_URING_ENTER = 426;
  private static final int IO_URING_REGISTER = 427;

  private static final int PROT_READ_AND_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;

  private static final ThreadLocal<MemorySegment> STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

  private KernelCalls() {}

  private static MethodHandle function(String name) {
    return function(name, 6);
  }

  @SuppressWarnings("restricted") // The functions and their shape are those of Linux.
  private static MethodHandle function(String name, int words) {
    ValueLayout[] arguments = new ValueLayout[words];
    Arrays.fill(arguments, ValueLayout.JAVA_LONG);
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments),
        Linker.Option.captureCallState("errno"));
  }

  private static long call(
      MethodHandle function, boolean isInt, long a, long b, long c, long d, long e) {
    return call(function, isInt, a, b, c, d, e, 0);
  }

  private static long call(
      MethodHandle function, boolean isInt, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = STATE.get();
    long result;
    try {
      result = (long) function.invokeExact(state, a, b, c, d, e, f);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new IllegalStateException("a downcall handle declares no checked exception", thrown);
    }
    // The upper half of a register that returns an int is undefined.
    long value = isInt ? (int) result : result;
    return value < 0 ? -(int) ERRNO.get(state, 0L) : value;
  }

  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) call(OPEN, true, arena.allocateFrom(path).address(), flags, 0, 0, 0);
    }
  }

  static void close(int fd) {
    call(CLOSE, true, fd, 0, 0, 0, 0);
  }

  static long read(int fd, MemorySegment target) {
    return call(READ, false, fd, target.address(), target.byteSize(), 0, 0);
  }

  static long write(int fd, MemorySegment source, long length) {
    return call(WRITE, false, fd, source.address(), length, 0, 0);
  }

  /** statfs(2), which asks the server of a FUSE mount each time. */
  static int statfs(String path) {
    try (Arena arena = Arena.ofConfined()) {
      long buffer = arena.allocate(STATFS_BYTES, Long.BYTES).address();
      return (int) call(STATFS, true, arena.allocateFrom(path).address(), buffer, 0, 0, 0);
    }
  }

  /** syncfs(2) of the file system that a path is in. */
  static int syncfs(String path) {
    int fd = open(path, O_CLOEXEC);
    if (fd < 0) {
      return fd;
    }
    int result = (int) call(SYNCFS, true, fd, 0, 0, 0, 0);
    close(fd);
    return result;
  }

  static int mount(String source, String target, String type, long flags, String data) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          call(
              MOUNT,
              true,
              arena.allocateFrom(source).address(),
              arena.allocateFrom(target).address(),
              arena.allocateFrom(type).address(),
              flags,
              arena.allocateFrom(data).address());
    }
  }

  static int umount(String target, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return (int) call(UMOUNT2, true, arena.allocateFrom(target).address(), flags, 0, 0, 0);
    }
  }

  /** Stores the CPUs on which the calling thread may run into a mask. */
  static int schedGetAffinity(MemorySegment mask) {
    return (int) call(GET_AFFINITY, true, 0, mask.byteSize(), mask.address(), 0, 0);
  }

  /** Moves the calling thread to one of the CPUs in a mask, of those that it may run on. */
  static int schedSetAffinity(MemorySegment mask) {
    return (int) call(SET_AFFINITY, true, 0, mask.byteSize(), mask.address(), 0, 0);
  }

  /** Makes an io_uring and returns its descriptor. */
  static int ioUringSetup(int entries, MemorySegment parameters) {
    return syscall(IO_URING_SETUP, entries, parameters.address(), 0, 0);
  }

  /** Submits entries of an io_uring, and waits for events. */
  static int ioUringEnter(int ring, int submitted, int events, int flags) {
    return syscall(IO_URING_ENTER, ring, submitted, events, flags);
  }

  static int ioUringRegister(int ring, int opcode, long argument, int count) {
    return syscall(IO_URING_REGISTER, ring, opcode, argument, count);
  }

  private static int syscall(long number, long a, long b, long c, long d) {
    MemorySegment state = STATE.get();
    int result;
    try {
      result = (int) (long) SYSCALL.invokeExact(state, number, a, b, c, d, 0L, 0L);
    } catch (RuntimeException | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new IllegalStateException("a downcall handle declares no checked exception", thrown);
    }
    return result < 0 ? -(int) ERRNO.get(state, 0L) : result;
  }

  /**
   * Maps a part of a descriptor, shared with the kernel.
   *
   * @return the memory, unmapped with its arena, or null if there is none
   */
  static @Nullable MemorySegment map(int fd, long offset, long length, Arena arena) {
    return mapped(length, MAP_SHARED, fd, offset, arena);
  }

  /** Maps zeros, which are memory once they are touched; null if there is none. */
  static @Nullable MemorySegment mapAnonymous(long length, Arena arena) {
    return mapped(length, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, arena);
  }

  @SuppressWarnings("restricted") // The length is that of the mapping.
  private static @Nullable MemorySegment mapped(
      long length, int flags, int fd, long offset, Arena arena) {
    long address = call(MMAP, false, 0, length, PROT_READ_AND_WRITE, flags, fd, offset);
    if (address < 0) {
      return null;
    }
    return MemorySegment.ofAddress(address)
        .reinterpret(
            length, arena, memory -> call(MUNMAP, true, memory.address(), length, 0, 0, 0));
  }

  /** Throws if a call failed; returns its result. */
  static int check(int result, String what) throws IOException {
    if (result < 0) {
      throw new IOException(what + ": " + words(-result));
    }
    return result;
  }

  /** Returns words for an errno that a mount may meet. */
  static String words(int errno) {
    return switch (errno) {
      case EPERM -> "not permitted; root is needed";
      case ENOENT -> "no such file";
      case ENXIO, ENODEV -> "the kernel has no FUSE";
      case EACCES -> "permission denied";
      case EBUSY -> "busy";
      case EINVAL -> "invalid argument";
      case ENOTCONN -> "its server is gone";
      default -> "errno " + errno;
    };
  }
}
