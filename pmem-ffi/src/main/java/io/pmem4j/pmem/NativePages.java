// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
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
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * The calls of libc that {@link PageWindow} makes: open(2), close(2), mmap(2), munmap(2) and
 * memfd_create(2), with the values of Linux on x86-64 and AArch64.
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

  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 02000000;
  private static final int MFD_CLOEXEC = 1;
  private static final long MAP_FAILED = -1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBC = LINKER.defaultLookup();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN =
      LINKER.downcallHandle(
          LIBC.findOrThrow("open"),
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
          Linker.Option.captureCallState("errno"),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      reporting("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle MEMFD_CREATE =
      reporting(
          "memfd_create",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle MMAP =
      reporting(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP =
      reporting(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

  private NativePages() {}

  private static MethodHandle reporting(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        LIBC.findOrThrow(name), descriptor, Linker.Option.captureCallState("errno"));
  }

  /** open(2) of a file that exists; the descriptor is not inherited by child processes. */
  static int open(Path path, boolean writable) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment name = arena.allocateFrom(path.toString());
      int descriptor = (int) OPEN.invokeExact(state, name, O_CLOEXEC | (writable ? O_RDWR : 0));
      return checked("open", path, descriptor, state);
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** memfd_create(2): a file of no bytes that has no name. */
  static int emptyFile() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment name = arena.allocateFrom("nothing");
      int descriptor = (int) MEMFD_CREATE.invokeExact(state, name, MFD_CLOEXEC);
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

  private static String errno(MemorySegment state) {
    return "errno " + (int) ERRNO.get(state, 0L);
  }

  /** close(2); nothing that is written can be lost by it. */
  static void close(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(arena.allocate(CALL_STATE), descriptor);
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /** mmap(2): answers the address. */
  static long mmap(long address, long length, int prot, int flags, int descriptor, long offset)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      long result =
          (long) MMAP.invokeExact(state, address, length, prot, flags, descriptor, offset);
      if (result == MAP_FAILED) {
        throw new IOException("mmap of " + length + " bytes: " + errno(state));
      }
      return result;
    } catch (Throwable thrown) {
      throw rethrown(thrown);
    }
  }

  /** munmap(2) of what was mapped here. */
  static void munmap(long address, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      int result = (int) MUNMAP.invokeExact(state, address, length);
      if (result != 0) {
        throw new IllegalStateException("munmap of " + length + " bytes: " + errno(state));
      }
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  private static IOException rethrown(Throwable thrown) {
    return thrown instanceof IOException failure ? failure : new IOException(unexpected(thrown));
  }

  private static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException failure
        ? failure
        : new IllegalStateException("a downcall handle declares no checked exception", thrown);
  }
}
