// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;

/**
 * A memory that hands its calls to another; subclasses add what they record, delay or refuse.
 *
 * <p>The calls that {@link PersistentMemory} makes of others stay made of them: {@code write},
 * {@code putLongRelease}, {@code deepPersist} and the like. So a subclass that overrides the simple
 * stores and flushes misses none.
 */
public abstract class ForwardingMemory implements PersistentMemory {
  /** Takes the calls. */
  protected final PersistentMemory target;

  /** Creates a memory that hands its calls to {@code target}. */
  protected ForwardingMemory(PersistentMemory target) {
    this.target = target;
  }

  @Override
  public long byteSize() {
    return target.byteSize();
  }

  @Override
  public Granularity granularity() {
    return target.granularity();
  }

  @Override
  public MemorySegment segment() {
    return target.segment();
  }

  @Override
  public void putByte(long offset, byte value) {
    target.putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    target.putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    target.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    target.putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    target.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    target.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    target.fill(offset, length, value);
  }

  @Override
  public void flush(long offset, long length) {
    target.flush(offset, length);
  }

  @Override
  public void drain() {
    target.drain();
  }

  @Override
  public void persist(long offset, long length) {
    target.persist(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    target.publishLong(offset, value);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    return target.compareAndPublish(offset, expected, value);
  }

  @Override
  public long getLongAcquire(long offset) {
    return target.getLongAcquire(offset);
  }

  @Override
  public byte getByte(long offset) {
    return target.getByte(offset);
  }

  @Override
  public short getShort(long offset) {
    return target.getShort(offset);
  }

  @Override
  public int getInt(long offset) {
    return target.getInt(offset);
  }

  @Override
  public long getLong(long offset) {
    return target.getLong(offset);
  }

  @Override
  public void read(long offset, byte[] destination, int at, int length) {
    target.read(offset, destination, at, length);
  }

  @Override
  public void read(long offset, MemorySegment destination, long at, long length) {
    target.read(offset, destination, at, length);
  }

  /** Returns a part of this memory: one of the subclass, or it misses the calls of the part. */
  @Override
  public abstract PersistentMemory slice(long offset, long length);
}
