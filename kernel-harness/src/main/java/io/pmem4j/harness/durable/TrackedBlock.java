// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The cache lines of one block of the file system; a mask has a bit for each. Not thread-safe. */
final class TrackedBlock {
  static final int BYTES = 4096;
  static final int LINE_BYTES = 64;
  static final int LINES = BYTES / LINE_BYTES;

  final int index;

  /** The time of the last fill of the whole block: earlier content belongs to no file any more. */
  long cleared;

  private final byte[] durable = new byte[BYTES];
  private final long[] stored = new long[LINES];
  private final long[] settled = new long[LINES];
  private final long[] flushed = new long[LINES];
  private final long[] persisted = new long[LINES];
  private final @Nullable Object[] storers = new @Nullable Object[LINES];
  private final @Nullable Object[] flushers = new @Nullable Object[LINES];
  private long undurable;

  TrackedBlock(int index) {
    this.index = index;
  }

  /** Before the first store: everything is durable. */
  void begin(MemorySegment memory) {
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset(), durable, 0, length(memory));
  }

  void reset() {
    cleared = 0;
    undurable = 0;
    Arrays.fill(stored, 0);
    Arrays.fill(settled, 0);
    Arrays.fill(flushed, 0);
    Arrays.fill(persisted, 0);
    Arrays.fill(storers, null);
    Arrays.fill(flushers, null);
  }

  private long offset() {
    return (long) index * BYTES;
  }

  private int length(MemorySegment memory) {
    return (int) Math.min(BYTES, memory.byteSize() - offset());
  }

  void stored(long mask, long time, Object task) {
    undurable |= mask;
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      stored[line] = time;
      storers[line] = task;
    }
  }

  void settle(long mask, long time) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      settled[line] = Math.max(settled[line], time);
    }
  }

  void flushed(long mask, long time, Object task) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      flushed[line] = time;
      flushers[line] = task;
    }
  }

  void persist(long mask, long time, byte[] content) {
    int at = 0;
    for (long rest = mask; rest != 0; rest &= rest - 1, at += LINE_BYTES) {
      int line = Long.numberOfTrailingZeros(rest);
      if (time > persisted[line]) {
        persisted[line] = time;
        System.arraycopy(content, at, durable, line * LINE_BYTES, LINE_BYTES);
        if (stored[line] < time) {
          undurable &= ~(1L << line);
        }
      }
    }
  }

  /** The lines of a mask as they are now, one after the other. */
  byte[] content(MemorySegment memory, long mask) {
    byte[] content = new byte[Long.bitCount(mask) * LINE_BYTES];
    long first = Long.numberOfTrailingZeros(mask);
    long run = mask >>> first;
    if ((run & (run + 1)) == 0) {
      // Nearly always the lines lie side by side.
      MemorySegment.copy(
          memory, ValueLayout.JAVA_BYTE, offset() + first * LINE_BYTES, content, 0, content.length);
      return content;
    }
    int at = 0;
    for (long rest = mask; rest != 0; rest &= rest - 1, at += LINE_BYTES) {
      long line = Long.numberOfTrailingZeros(rest);
      MemorySegment.copy(
          memory, ValueLayout.JAVA_BYTE, offset() + line * LINE_BYTES, content, at, LINE_BYTES);
    }
    return content;
  }

  /** Lines with a store that is not durable. */
  long undurable() {
    return undurable;
  }

  /** Lines that no task has flushed since the last store. */
  long unflushed() {
    long mask = 0;
    for (long rest = undurable; rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      mask |= flushed[line] < stored[line] ? 1L << line : 0;
    }
    return mask;
  }

  /** Returns true if the block was filled as a whole and a crash could show its former content. */
  boolean clearingMayBeLost() {
    for (int line = 0; cleared > 0 && line < LINES; line++) {
      if (persisted[line] < cleared) {
        return true;
      }
    }
    return false;
  }

  long storedAt(int line) {
    return stored[line];
  }

  long settledAt(int line) {
    return settled[line];
  }

  /** Lines whose last settled store is not durable. */
  long settledUndurable() {
    long mask = 0;
    for (long rest = undurable; rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      mask |= settled[line] > persisted[line] ? 1L << line : 0;
    }
    return mask;
  }

  /**
   * Returns true if the medium lacks a store of a moment: no flush after it was drained, and the
   * medium does not have the same bytes from an earlier one.
   */
  boolean lacks(MemorySegment memory, int line, long time) {
    return persisted[line] < time && differs(memory, line);
  }

  /** Returns true if a line of the medium differs from the memory. */
  boolean differs(MemorySegment memory, int line) {
    long at = offset() + (long) line * LINE_BYTES;
    return MemorySegment.mismatch(
            memory,
            at,
            at + LINE_BYTES,
            MemorySegment.ofArray(durable),
            (long) line * LINE_BYTES,
            (line + 1L) * LINE_BYTES)
        >= 0;
  }

  /** The state of a line after a store: dirty, or pending for the task that flushed it. */
  String state(int line, long time) {
    return flushed[line] > time ? "pending" : "dirty";
  }

  /** The tasks that stored to a line and flushed it. */
  String history(int line, long time) {
    String by = "block %d, line %d: stored by %s".formatted(index, line, name(storers[line]));
    return flushed[line] > time
        ? by + ", flushed by " + name(flushers[line]) + ", which has not drained since"
        : by + ", not flushed since";
  }

  /** Returns the name of a task; empty for the explorer's own object outside of its tasks. */
  private static String name(@Nullable Object task) {
    return task == null || task.getClass() == Object.class ? "the preparation" : task.toString();
  }
}
