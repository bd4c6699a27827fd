// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.IntSupplier;

/** The CPUs on which a worker may run. Belongs to that worker's thread. */
final class WorkerCpu {
  /** A mask of 1024 CPUs, the {@code cpu_set_t} of the C library. */
  private static final long MASK_BYTES = 128;

  private static final int STAT_BYTES = 1024;

  /** The place of {@code processor} in /proc/PID/stat, counted from the name's closing bracket. */
  private static final int PROCESSOR = 37;

  private final IntSupplier wantedCpu;
  private final MemorySegment allowed;
  private final MemorySegment one;
  private int current = ClientCpu.ANY;

  /**
   * Makes the state of the calling thread.
   *
   * @param wantedCpu returns the CPU for the thread, or {@link ClientCpu#ANY}
   */
  WorkerCpu(IntSupplier wantedCpu, Arena arena) {
    this.wantedCpu = wantedCpu;
    this.allowed = arena.allocate(MASK_BYTES, Long.BYTES);
    this.one = arena.allocate(MASK_BYTES, Long.BYTES);
    if (KernelCalls.schedGetAffinity(allowed) < 0) {
      // More CPUs than the mask has: no CPU is found to be allowed.
      allowed.fill((byte) 0);
    }
  }

  /** Goes to the CPU that is wanted, if the worker may run there. */
  void follow() {
    int wanted = wantedCpu.getAsInt();
    if (wanted != current) {
      current = wanted;
      KernelCalls.schedSetAffinity(isAllowed(wanted) ? only(wanted) : allowed);
    }
  }

  private boolean isAllowed(int cpu) {
    return cpu >= 0
        && cpu < MASK_BYTES * Byte.SIZE
        && (allowed.get(ValueLayout.JAVA_BYTE, cpu / Byte.SIZE) & 1 << cpu % Byte.SIZE) != 0;
  }

  private MemorySegment only(int cpu) {
    one.fill((byte) 0);
    one.set(ValueLayout.JAVA_BYTE, cpu / Byte.SIZE, (byte) (1 << cpu % Byte.SIZE));
    return one;
  }

  /**
   * Returns the CPU on which a thread of this machine ran last, {@link ClientCpu#ANY} if unknown.
   */
  static int ofThread(int thread) {
    int file = KernelCalls.open("/proc/" + thread + "/stat", KernelCalls.O_CLOEXEC);
    if (file < 0) {
      return ClientCpu.ANY;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(STAT_BYTES);
      long length = KernelCalls.read(file, buffer);
      byte[] line = buffer.asSlice(0, Math.max(0, length)).toArray(ValueLayout.JAVA_BYTE);
      return processor(new String(line, StandardCharsets.ISO_8859_1));
    } finally {
      KernelCalls.close(file);
    }
  }

  /**
   * Returns the field {@code processor} of a line of /proc/PID/stat, whose name may hold spaces.
   */
  static int processor(String line) {
    String[] fields = line.substring(line.lastIndexOf(')') + 1).split(" ", PROCESSOR + 2);
    return fields.length > PROCESSOR ? Integer.parseInt(fields[PROCESSOR]) : ClientCpu.ANY;
  }
}
