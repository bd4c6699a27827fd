// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Persistent memory that is neither mapped nor persistent: a third implementation, with the
 * interface's default methods, that the contract is asked of, and the base of those with a planted
 * fault.
 */
public class ArrayMemory implements PersistentMemory {
  private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT);
  private static final VarHandle INT = handle(ValueLayout.JAVA_INT);
  private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG);

  private final Granularity granularity;
  final MemorySegment memory;

  /**
   * Memory that begins {@code phase} bytes, a multiple of 8, behind where a unit of the granularity
   * begins.
   */
  public ArrayMemory(Granularity granularity, int size, long phase) {
    this(
        granularity,
        MemorySegment.ofArray(new long[(int) (size + phase + 7) / 8]).asSlice(phase, size));
  }

  private ArrayMemory(Granularity granularity, MemorySegment memory) {
    this.granularity = granularity;
    this.memory = memory;
  }

  private static VarHandle handle(ValueLayout layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Granularity granularity() {
    return granularity;
  }

  @Override
  public MemorySegment segment() {
    return memory.asReadOnly();
  }

  @Override
  public void putByte(long offset, byte value) {
    memory.set(ValueLayout.JAVA_BYTE, offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    SHORT.set(memory, offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    INT.set(memory, offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    LONG.set(memory, offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    MemorySegment.copy(source, sourceOffset, memory, offset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    MemorySegment.copy(source, sourceOffset, memory, ValueLayout.JAVA_BYTE, offset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    memory.asSlice(offset, length).fill(value);
  }

  @Override
  public void flush(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
  }

  @Override
  public void drain() {}

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
    drain();
  }

  @Override
  public void publishLong(long offset, long value) {
    LONG.setRelease(memory, offset, value);
    persist(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    boolean stored = LONG.compareAndSet(memory, offset, expected, value);
    if (stored) {
      persist(offset, Long.BYTES);
    }
    return stored;
  }

  @Override
  public long getLongAcquire(long offset) {
    return (long) LONG.getAcquire(memory, offset);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new ArrayMemory(granularity, memory.asSlice(offset, length));
  }
}
