// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Shared;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Memory with stores that are points at which another task may run, one for each store of the file
 * system, whatever its length; and which remembers the blocks that were stored to. Loads are the
 * memory's own: a task that reads what another one stores is switched to before that store or after
 * it. Not thread-safe: an explorer runs one task at a time.
 */
final class AnnouncedMemory implements PersistentMemory {
  static final int LINE_BYTES = 64;

  private final PersistentMemory memory;
  private final long base;
  private final int blockBytes;
  private final BitSet touched;

  /** Cache lines with stores that nobody has flushed. */
  private final BitSet unflushed;

  private final IntFunction<@Nullable Shared> blocks;

  /** A row of stores to one block, bit after bit under the group's lock, is one point. */
  private final AtomicReference<Shared> last;

  private final AtomicLong stores;

  /**
   * Announces stores.
   *
   * @param memory takes them
   * @param blockBytes unit of what is announced
   * @param touched gets a bit for each block that is stored to
   * @param unflushed has a bit for each cache line that was stored to and not flushed since
   * @param blocks what to announce for a block; null where a store is no point
   */
  AnnouncedMemory(
      PersistentMemory memory,
      int blockBytes,
      BitSet touched,
      BitSet unflushed,
      IntFunction<@Nullable Shared> blocks) {
    this(
        memory,
        0,
        blockBytes,
        touched,
        unflushed,
        blocks,
        new AtomicReference<>(),
        new AtomicLong());
  }

  private AnnouncedMemory(
      PersistentMemory memory,
      long base,
      int blockBytes,
      BitSet touched,
      BitSet unflushed,
      IntFunction<@Nullable Shared> blocks,
      AtomicReference<Shared> last,
      AtomicLong stores) {
    this.memory = memory;
    this.base = base;
    this.blockBytes = blockBytes;
    this.touched = touched;
    this.unflushed = unflushed;
    this.blocks = blocks;
    this.last = last;
    this.stores = stores;
  }

  private void storing(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length > 0) {
      stores.incrementAndGet();
      int first = Math.toIntExact((base + offset) / blockBytes);
      unflushed.set(line(offset), line(offset + length - 1) + 1);
      touched.set(first, Math.toIntExact((base + offset + length - 1) / blockBytes) + 1);
      Shared block = blocks.apply(first);
      if (block != null && block != last.getAndSet(block)) {
        block.store();
      }
    }
  }

  /** How many stores there were, through slices as well. */
  long stores() {
    return stores.get();
  }

  private int line(long offset) {
    return Math.toIntExact((base + offset) / LINE_BYTES);
  }

  private void flushed(long offset, long length) {
    if (length > 0) {
      unflushed.clear(line(offset), line(offset + length - 1) + 1);
    }
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Granularity granularity() {
    return memory.granularity();
  }

  @Override
  public MemorySegment segment() {
    return memory.segment();
  }

  @Override
  public void putByte(long offset, byte value) {
    storing(offset, Byte.BYTES);
    memory.putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    storing(offset, Short.BYTES);
    memory.putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    storing(offset, Integer.BYTES);
    memory.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    storing(offset, Long.BYTES);
    memory.putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    storing(offset, length);
    memory.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    storing(offset, length);
    memory.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    storing(offset, length);
    memory.fill(offset, length, value);
  }

  @Override
  public void flush(long offset, long length) {
    memory.flush(offset, length);
    flushed(offset, length);
  }

  @Override
  public void drain() {
    memory.drain();
  }

  @Override
  public void persist(long offset, long length) {
    memory.persist(offset, length);
    flushed(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    storing(offset, Long.BYTES);
    memory.publishLong(offset, value);
    flushed(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    storing(offset, Long.BYTES);
    boolean stored = memory.compareAndPublish(offset, expected, value);
    flushed(offset, Long.BYTES);
    return stored;
  }

  @Override
  public long getLongAcquire(long offset) {
    return memory.getLongAcquire(offset);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new AnnouncedMemory(
        memory.slice(offset, length),
        base + offset,
        blockBytes,
        touched,
        unflushed,
        blocks,
        last,
        stores);
  }
}
