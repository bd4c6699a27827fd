// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A memory with kill points at its stores, between write-back and fence, and after a published
 * word. With deep flushes each persist reaches beyond the memory controller.
 */
class PointedMemory extends ForwardingMemory {
  private final KillPoint.Listener points;
  private final boolean deep;

  /** Ranges that were written back and not fenced; of deep flushes only. */
  private final List<long[]> flushed = new ArrayList<>();

  /** Over another memory. */
  PointedMemory(PersistentMemory memory, KillPoint.Listener points, boolean deep) {
    super(memory);
    this.points = points;
    this.deep = deep;
  }

  private PersistentMemory storing() {
    points.reached(KillPoint.BEFORE_STORE);
    return target;
  }

  @Override
  public void putByte(long offset, byte value) {
    storing().putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    storing().putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    storing().putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    storing().putLong(offset, value);
  }

  @Override
  public void putLongRelease(long offset, long value) {
    storing().putLongRelease(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    storing().copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    storing().copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    storing().fill(offset, length, value);
  }

  @Override
  public void flush(long offset, long length) {
    target.flush(offset, length);
    if (deep) {
      flushed.add(new long[] {offset, length});
    }
  }

  @Override
  public void drain() {
    points.reached(KillPoint.BETWEEN_FLUSH_AND_FENCE);
    target.drain();
    flushed.forEach(range -> target.deepPersist(range[0], range[1]));
    flushed.clear();
  }

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
    drain();
  }

  @Override
  public void publishLong(long offset, long value) {
    putLongRelease(offset, value);
    points.reached(KillPoint.AFTER_PUBLISH);
    persist(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    boolean stored = storing().compareAndPublish(offset, expected, value);
    points.reached(KillPoint.AFTER_PUBLISH);
    persist(offset, Long.BYTES);
    return stored;
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new PointedMemory(target.slice(offset, length), points, deep);
  }
}
