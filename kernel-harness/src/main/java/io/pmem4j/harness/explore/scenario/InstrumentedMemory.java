// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.SharedState;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Memory with stores that are scheduling points, one for each store of the file system, whatever
 * its length. It records the blocks that were stored to. Loads are no points: a task that reads
 * another task's store is switched to before or after that store. Not thread-safe: an explorer runs
 * one task at a time.
 *
 * <p>In scenarios of durability, flushes and drains are points too. A flush of a block counts as a
 * load of that block: it commutes with other flushes but not with a store, because the content at
 * the flush is what a drain makes durable. A drain is a store of the one state "durable lines".
 * {@link ProgramScenario} loads that state where a call that promises durability begins and
 * returns. So a drain commutes with stores and flushes of other tasks, of which it covers nothing,
 * but not with a check. The flush and drain of one task are in program order anyway.
 */
final class InstrumentedMemory extends ForwardingMemory {
  private final long base;
  private final Announced announced;

  /**
   * The points of one run, which slices share.
   *
   * @param blockBytes unit of what is announced
   * @param touched gets a bit for each block that is stored to
   * @param stored what to announce for a store to a block; null where a store is no point
   * @param flushed what to announce for a flush of a block; null where a flush is no point
   * @param durable what to announce for a drain; null where a drain is no point
   */
  record Points(
      int blockBytes,
      BitSet touched,
      IntFunction<@Nullable SharedState> stored,
      IntFunction<@Nullable SharedState> flushed,
      @Nullable SharedState durable) {}

  private static final class Announced {
    final Points points;

    /** A row of stores to one block, bit after bit under the group's lock, is one point. */
    @Nullable SharedState last;

    long stores;

    Announced(Points points) {
      this.points = points;
    }
  }

  /**
   * Creates a memory that announces its stores.
   *
   * @param memory takes them
   */
  InstrumentedMemory(PersistentMemory memory, Points points) {
    this(memory, 0, new Announced(points));
  }

  private InstrumentedMemory(PersistentMemory memory, long base, Announced announced) {
    super(memory);
    this.base = base;
    this.announced = announced;
  }

  private int block(long offset) {
    return Math.toIntExact((base + offset) / announced.points.blockBytes);
  }

  private void storing(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, target.byteSize());
    if (length > 0) {
      announced.stores++;
      int first = block(offset);
      announced.points.touched.set(first, block(offset + length - 1) + 1);
      SharedState block = announced.points.stored.apply(first);
      if (block != null && block != announced.last) {
        announced.last = block;
        block.store();
      }
    }
  }

  private void flushing(long offset, long length) {
    if (length > 0) {
      SharedState block = announced.points.flushed.apply(block(offset));
      if (block != null) {
        announced.last = null;
        block.load();
      }
    }
  }

  private void draining() {
    SharedState durable = announced.points.durable;
    if (durable != null) {
      announced.last = null;
      durable.store();
    }
  }

  /** Returns the number of stores, including those through slices. */
  long stores() {
    return announced.stores;
  }

  @Override
  public void putByte(long offset, byte value) {
    storing(offset, Byte.BYTES);
    target.putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    storing(offset, Short.BYTES);
    target.putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    storing(offset, Integer.BYTES);
    target.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    storing(offset, Long.BYTES);
    target.putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    storing(offset, length);
    target.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    storing(offset, length);
    target.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    storing(offset, length);
    target.fill(offset, length, value);
  }

  @Override
  public void flush(long offset, long length) {
    flushing(offset, length);
    target.flush(offset, length);
  }

  @Override
  public void drain() {
    draining();
    target.drain();
  }

  @Override
  public void persist(long offset, long length) {
    flushing(offset, length);
    draining();
    target.persist(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    storing(offset, Long.BYTES);
    target.publishLong(offset, value);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    storing(offset, Long.BYTES);
    return target.compareAndPublish(offset, expected, value);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new InstrumentedMemory(target.slice(offset, length), base + offset, announced);
  }
}
