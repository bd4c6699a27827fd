// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.Arrays;
import java.util.Objects;

/**
 * Collects the ranges that a larger change has stored to, and makes them durable together: each
 * cache line (each page at {@link Granularity#PAGE}) once, however often it was named, in ascending
 * order, with one drain.
 *
 * {@snippet :
 * try (FlushBatch batch = new FlushBatch(memory)) {
 *   memory.putLong(64, a);
 *   batch.dirty(64, 8);
 *   memory.putLong(72, b);
 *   batch.dirty(72, 8); // the same line: written back once
 * } // durable here
 * }
 *
 * <p>Ranges named are flushed by {@link #commit} only; their stores may become durable earlier, as
 * any store may. Not thread-safe: a batch belongs to one thread at a time, the one that commits,
 * because a drain waits for the flushes of its own thread.
 */
public final class FlushBatch implements AutoCloseable {
  private static final int LINE_BYTES = 64;
  private static final int PAGE_BYTES = 4096;
  private static final int INITIAL_RANGES = 8;

  private final PersistentMemory memory;
  private final int unit;

  /** Where in its unit the first byte of the memory lies: slices do not begin on a line. */
  private final int phase;

  /** Units named, as disjoint ranges in ascending order that do not touch; ends are exclusive. */
  private long[] starts = new long[INITIAL_RANGES];

  private long[] ends = new long[INITIAL_RANGES];
  private int ranges;

  /** An empty batch over this memory. */
  public FlushBatch(PersistentMemory memory) {
    this.memory = memory;
    this.unit = memory.granularity() == Granularity.PAGE ? PAGE_BYTES : LINE_BYTES;
    this.phase = (int) (memory.segment().address() & (unit - 1));
  }

  /**
   * Names a range that has been stored to, or will be before {@link #commit}.
   *
   * @throws IndexOutOfBoundsException if it is not inside the memory
   */
  public void dirty(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length > 0) {
      add((offset + phase) / unit, (offset + phase + length - 1) / unit + 1);
    }
  }

  private void add(long start, long end) {
    int first = ranges;
    // Programs mostly go upwards: look from the end.
    while (first > 0 && ends[first - 1] >= start) {
      first--;
    }
    int after = first;
    while (after < ranges && starts[after] <= end) {
      after++;
    }
    if (first == after) {
      insert(first, start, end);
      return;
    }
    starts[first] = Math.min(starts[first], start);
    ends[first] = Math.max(ends[after - 1], end);
    remove(first + 1, after);
  }

  private void insert(int at, long start, long end) {
    if (ranges == starts.length) {
      starts = Arrays.copyOf(starts, 2 * ranges);
      ends = Arrays.copyOf(ends, 2 * ranges);
    }
    System.arraycopy(starts, at, starts, at + 1, ranges - at);
    System.arraycopy(ends, at, ends, at + 1, ranges - at);
    starts[at] = start;
    ends[at] = end;
    ranges++;
  }

  private void remove(int from, int to) {
    System.arraycopy(starts, to, starts, from, ranges - to);
    System.arraycopy(ends, to, ends, from, ranges - to);
    ranges -= to - from;
  }

  /**
   * Makes all ranges named durable: they are when it returns. The batch is empty then and can be
   * used again. After an exception it still names all of them.
   *
   * @throws PmemException if a range cannot be made durable
   */
  public void commit() {
    if (ranges == 0) {
      return;
    }
    for (int i = 0; i < ranges; i++) {
      long from = Math.max(0, starts[i] * unit - phase);
      long to = Math.min(memory.byteSize(), ends[i] * unit - phase);
      memory.flush(from, to - from);
    }
    memory.drain();
    ranges = 0;
  }

  /** Commits; nothing if the batch is empty. */
  @Override
  public void close() {
    commit();
  }
}
