// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.util.Arrays;
import java.util.Objects;

/**
 * A batch of ranges that a larger change has stored to, made durable together. Each cache line is
 * flushed once, in ascending order, with one drain for all. At {@link Granularity#PAGE} one
 * write-back covers ranges up to 64 MiB apart: the kernel writes only dirty pages, and each
 * write-back waits for the disk.
 *
 * {@snippet :
 * try (FlushBatch batch = new FlushBatch(memory)) {
 *   memory.putLong(64, a);
 *   batch.dirty(64, 8);
 *   memory.putLong(72, b);
 *   batch.dirty(72, 8); // the same line: written back once
 *   batch.commit(); // durable when it returns
 * }
 * }
 *
 * <p>Only {@link #commit} flushes the ranges; their stores may become durable earlier, as any store
 * may. Adding n ranges in any order takes O(n log n) time in all. Not thread-safe: the thread that
 * commits owns the batch, because a drain waits for the flushes of its own thread.
 */
public final class FlushBatch implements AutoCloseable {
  private static final int LINE_BYTES = 64;
  private static final int PAGE_BYTES = 4096;
  private static final long PAGES_BETWEEN = (64L << 20) / PAGE_BYTES;
  private static final int INITIAL_RANGES = 8;

  private final PersistentMemory memory;
  private final int unit;

  /** The largest gap between two ranges that are flushed as one, in units. */
  private final long between;

  /** The offset of the memory's first byte in its unit: slices need not begin on a line. */
  private final int phase;

  /** The ranges, in units, with exclusive ends; in order of addition until they are sorted. */
  private long[] starts = new long[INITIAL_RANGES];

  private long[] ends = new long[INITIAL_RANGES];
  private int ranges;
  private boolean sorted = true;

  /** Makes an empty batch over this memory. */
  public FlushBatch(PersistentMemory memory) {
    this.memory = memory;
    this.unit = memory.granularity() == Granularity.PAGE ? PAGE_BYTES : LINE_BYTES;
    this.between = memory.granularity() == Granularity.PAGE ? PAGES_BETWEEN : 0;
    this.phase = (int) (memory.segment().address() & (unit - 1));
  }

  /**
   * Adds a range that has been stored to, or will be before {@link #commit}.
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
    if (ranges == starts.length) {
      makeRoom();
    }
    if (ranges > 0) {
      int last = ranges - 1;
      if (start >= starts[last] && start <= ends[last]) {
        ends[last] = Math.max(ends[last], end); // programs mostly go upwards
        return;
      }
      sorted &= start > ends[last];
    }
    starts[ranges] = start;
    ends[ranges] = end;
    ranges++;
  }

  /** Sorts and joins first, so that ranges added again need no more room. */
  private void makeRoom() {
    sortAndJoin();
    if (ranges > starts.length / 2) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
      ends = Arrays.copyOf(ends, 2 * ends.length);
    }
  }

  private void sortAndJoin() {
    if (!sorted) {
      sortByStart();
      sorted = true;
    }
    int joined = 0;
    for (int i = 0; i < ranges; i++) {
      if (joined > 0 && starts[i] - between <= ends[joined - 1]) {
        ends[joined - 1] = Math.max(ends[joined - 1], ends[i]);
      } else {
        starts[joined] = starts[i];
        ends[joined] = ends[i];
        joined++;
      }
    }
    ranges = joined;
  }

  /** Sorts both arrays in place by a heap sort, which makes no object for a range. */
  private void sortByStart() {
    for (int parent = ranges / 2 - 1; parent >= 0; parent--) {
      sink(parent, ranges);
    }
    for (int last = ranges - 1; last > 0; last--) {
      swap(0, last);
      sink(0, last);
    }
  }

  private void sink(int from, int size) {
    int parent = from;
    while (2 * parent + 1 < size) {
      int child = 2 * parent + 1;
      if (child + 1 < size && starts[child + 1] > starts[child]) {
        child++;
      }
      if (starts[parent] >= starts[child]) {
        return;
      }
      swap(parent, child);
      parent = child;
    }
  }

  private void swap(int one, int other) {
    long start = starts[one];
    starts[one] = starts[other];
    starts[other] = start;
    long end = ends[one];
    ends[one] = ends[other];
    ends[other] = end;
  }

  /**
   * Makes all ranges durable before it returns. The batch is then empty and can be used again.
   * After an exception it keeps all ranges.
   *
   * @throws PmemException if a range cannot be made durable; after a {@link
   *     PmemFailedFileException} a retry fails too
   */
  public void commit() {
    if (ranges == 0) {
      return;
    }
    sortAndJoin();
    for (int i = 0; i < ranges; i++) {
      long from = Math.max(0, starts[i] * unit - phase);
      long to = Math.min(memory.byteSize(), ends[i] * unit - phase);
      memory.flush(from, to - from);
    }
    memory.drain();
    discard();
  }

  /** Discards all ranges without a promise about them. */
  public void discard() {
    ranges = 0;
    sorted = true;
  }

  /**
   * Ends the batch without a commit, because a change that threw an exception is not complete.
   *
   * @throws IllegalStateException if ranges were neither committed nor discarded. In a {@code try}
   *     whose body threw, it is a suppressed exception
   */
  @Override
  public void close() {
    int left = ranges;
    discard();
    if (left > 0) {
      throw new IllegalStateException(
          left + " ranges were named and neither committed nor discarded: they are not durable");
    }
  }
}
