// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The common part of all calls of libc: handles that report errno, and errno as an exception. Errno
 * values are those of Linux, which all architectures of the JDK share up to 34.
 */
final class NativeCalls {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int EISDIR = 21;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int ENOSYS = 38;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  static final Linker LINKER = Linker.nativeLinker();
  static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();

  private static final SymbolLookup LIBC = LINKER.defaultLookup();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LIBC.findOrThrow("strerror"),
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

  private static final FunctionDescriptor SIX_WORDS =
      FunctionDescriptor.of(
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG);

  private static final ThreadLocal<MemorySegment> OWN_STATE =
      ThreadLocal.withInitial(() -> state(Arena.ofAuto()));

  private NativeCalls() {}

  /**
   * Returns a handle for {@link #call}. All functions have one shape: the calling conventions pass
   * the first six words in registers, and a function ignores those it does not have. Each further
   * shape would spin some twenty classes at run time. Many of them make C2 compile the JDK's class
   * writer, in which it sometimes crashes (JDK 25.0.3, PhaseChaitin::gather_lrg_masks).
   */
  static MethodHandle reporting(String name) {
    return LINKER.downcallHandle(
        LIBC.findOrThrow(name), SIX_WORDS, Linker.Option.captureCallState("errno"));
  }

  /**
   * Calls a function of the C library; int results are in the low half.
   *
   * @param state receives errno
   */
  static long call(
      MethodHandle function, MemorySegment state, long a, long b, long c, long d, long e, long f)
      throws Throwable {
    return (long) function.invokeExact(state, a, b, c, d, e, f);
  }

  static boolean exists(String name) {
    return LIBC.find(name).isPresent();
  }

  static MemorySegment state(Arena arena) {
    return arena.allocate(CALL_STATE);
  }

  /**
   * Returns the memory for errno that belongs to this thread, a platform thread. An arena for each
   * call would cost as much as a call.
   */
  static MemorySegment ownState() {
    return OWN_STATE.get();
  }

  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /** Returns the message of the system for an errno. */
  static String words(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /** Returns the exception of {@code java.nio.file} for a call on {@code path} that failed. */
  static FileSystemException refusal(Path path, String call, int errno, long length) {
    return refusal(
        path, errno, words(errno), new PmemException(call, errno, words(errno), path, 0, length));
  }

  static FileSystemException refusal(Path path, int errno, String words, PmemException cause) {
    String name = path.toString();
    FileSystemException refusal =
        switch (errno) {
          case ENOENT -> new NoSuchFileException(name);
          case EACCES -> new AccessDeniedException(name);
          case EEXIST -> new FileAlreadyExistsException(name);
          default -> new FileSystemException(name, null, words);
        };
    refusal.initCause(cause);
    return refusal;
  }

  static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException failure
        ? failure
        : new IllegalStateException("a downcall handle declares no checked exception", thrown);
  }
}
