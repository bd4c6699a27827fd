// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import io.pmem4j.pmem.libpmem.LibPmem;
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
import java.util.Optional;

/**
 * The calls of libpmem as this package makes them. They replace handles of the raw binding, which
 * cannot report errno, take raw addresses, or be called without a thread state transition.
 *
 * <p>Initialising this class needs the library; call {@link LibPmemProbe} first.
 */
final class NativePmem {
  /**
   * The longest range of one critical call, in bytes: a garbage collection waits for its end. Each
   * call waits for its write-backs, which makes shorter ones expensive.
   */
  static final long CRITICAL_BYTES = 256 << 10;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final FunctionDescriptor VOID_OF_RANGE =
      FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
  private static final FunctionDescriptor VOID_OF_COPY =
      FunctionDescriptor.ofVoid(
          ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
  private static final FunctionDescriptor VOID_OF_FILL =
      FunctionDescriptor.ofVoid(
          ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
  private static final FunctionDescriptor INT_OF_RANGE =
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);

  // Short and without system calls: critical.
  private static final MethodHandle PERSIST =
      critical(LibPmem.pmem_persist$address(), VOID_OF_RANGE);
  private static final MethodHandle FLUSH = critical(LibPmem.pmem_flush$address(), VOID_OF_RANGE);
  private static final MethodHandle DRAIN =
      critical(LibPmem.pmem_drain$address(), FunctionDescriptor.ofVoid());

  // They return their first argument, which is ignored. The source may lie on the Java heap.
  private static final MethodHandle MEMMOVE =
      LINKER.downcallHandle(
          LibPmem.pmem_memmove$address(), VOID_OF_COPY, Linker.Option.critical(true));
  private static final MethodHandle MEMSET = critical(LibPmem.pmem_memset$address(), VOID_OF_FILL);

  // System calls: ordinary downcalls, with errno.
  private static final MethodHandle DEEP_PERSIST =
      reporting(LibPmem.pmem_deep_persist$address(), INT_OF_RANGE);
  private static final MethodHandle UNMAP = reporting(LibPmem.pmem_unmap$address(), INT_OF_RANGE);
  private static final MethodHandle MAP_FILE =
      reporting(LibPmem.pmem_map_file$address(), LibPmem.pmem_map_file$descriptor());

  private NativePmem() {}

  /** The errno and message of a native call that failed. */
  record Failure(int errno, String message) {}

  /** A mapping of a whole device. */
  record DeviceMapping(long address, long length, boolean isPmem) {}

  /** The result of a map call; exactly one of the two is present. */
  record MapResult(Optional<DeviceMapping> mapping, Optional<Failure> failure) {}

  private static MethodHandle critical(MemorySegment function, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(function, descriptor, Linker.Option.critical(false));
  }

  private static MethodHandle reporting(MemorySegment function, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(function, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** Maps a whole DAX device by pmem_map_file(3). */
  static MapResult mapDevice(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment mappedLength = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment isPmem = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment name = NativeFile.name(arena, path);
      MemorySegment address;
      try {
        address = (MemorySegment) MAP_FILE.invokeExact(state, name, 0L, 0, 0, mappedLength, isPmem);
      } catch (Throwable impossible) {
        throw unexpected(impossible);
      }
      if (address.equals(MemorySegment.NULL)) {
        return new MapResult(Optional.empty(), Optional.of(failure(state)));
      }
      return new MapResult(
          Optional.of(
              new DeviceMapping(
                  address.address(),
                  mappedLength.get(ValueLayout.JAVA_LONG, 0),
                  isPmem.get(ValueLayout.JAVA_INT, 0) != 0)),
          Optional.empty());
    }
  }

  /** Unmaps a device by pmem_unmap(3). */
  static Optional<Failure> unmap(long address, long length) {
    return reportingCall(UNMAP, address, length);
  }

  /** Calls pmem_deep_persist(3) on a range of any length; the call is not critical. */
  static Optional<Failure> deepPersist(long address, long length) {
    return reportingCall(DEEP_PERSIST, address, length);
  }

  private static Optional<Failure> reportingCall(MethodHandle call, long address, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      int result = (int) call.invokeExact(state, address, length);
      return result == 0 ? Optional.empty() : Optional.of(failure(state));
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  /** Calls pmem_persist(3) on at most {@link #CRITICAL_BYTES}. */
  static void persist(long address, long length) {
    try {
      PERSIST.invokeExact(address, length);
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  /** Calls pmem_flush(3) on a range of any length, in pieces. */
  static void flush(long address, long length) {
    try {
      for (long done = 0; done < length; done += CRITICAL_BYTES) {
        FLUSH.invokeExact(address + done, Math.min(CRITICAL_BYTES, length - done));
        if (length > CRITICAL_BYTES) {
          Safepoint.poll();
        }
      }
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  /**
   * Calls pmem_memmove(3) without drain on a range of any length, in pieces that end with a cache
   * line. The source does not overlap the target.
   */
  static void write(long address, MemorySegment source, Caching how) {
    int flags = flags(how);
    long length = source.byteSize();
    try {
      for (long done = 0; done < length; ) {
        long piece = piece(address + done, length - done);
        MEMMOVE.invokeExact(address + done, source.asSlice(done, piece), piece, flags);
        done += piece;
        if (length > CRITICAL_BYTES) {
          Safepoint.poll();
        }
      }
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  /** Calls pmem_memset(3) without drain on a range of any length, in pieces. */
  static void fill(long address, long length, byte value, Caching how) {
    int flags = flags(how);
    try {
      for (long done = 0; done < length; ) {
        long piece = piece(address + done, length - done);
        MEMSET.invokeExact(address + done, (int) value, piece, flags);
        done += piece;
        if (length > CRITICAL_BYTES) {
          Safepoint.poll();
        }
      }
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  private static long piece(long address, long left) {
    return Math.min(CRITICAL_BYTES - (address & (CRITICAL_BYTES - 1)), left);
  }

  private static int flags(Caching how) {
    return LibPmem.PMEM_F_MEM_NODRAIN()
        | switch (how) {
          case AUTO -> 0;
          case TEMPORAL -> LibPmem.PMEM_F_MEM_TEMPORAL();
          case NON_TEMPORAL -> LibPmem.PMEM_F_MEM_NONTEMPORAL();
        };
  }

  /** Waits for earlier flushes by pmem_drain(3). */
  static void drain() {
    try {
      DRAIN.invokeExact();
    } catch (Throwable impossible) {
      throw unexpected(impossible);
    }
  }

  /** Returns true if caches are durable by pmem_has_auto_flush(3); "unknown" counts as false. */
  static boolean hasAutoFlush() {
    return LibPmem.pmem_has_auto_flush() == 1;
  }

  /** Returns the thread's errno and message; no other call may come in between. */
  private static Failure failure(MemorySegment state) {
    int errno = (int) ERRNO.get(state, 0L);
    return new Failure(errno, LibPmem.pmem_errormsg().getString(0));
  }

  private static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof RuntimeException exception) {
      return exception;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    throw new AssertionError("a downcall handle declares no checked exception", thrown);
  }
}
