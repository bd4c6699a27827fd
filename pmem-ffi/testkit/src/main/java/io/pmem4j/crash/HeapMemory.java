// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * Memory of the Java heap with the interface of persistent memory, for unit tests. It survives
 * nothing. Flush and drain check their range and do nothing else.
 *
 * <p>Thread-safe as any memory is. It lives as long as it is referenced.
 */
public final class HeapMemory implements PersistentMemory {
  private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT);
  private static final VarHandle INT = handle(ValueLayout.JAVA_INT);
  private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG);

  private final Granularity granularity;
  private final MemorySegment memory;
  private final MemorySegment readOnly;

  /**
   * Makes memory of zeros at {@link Granularity#CACHE_LINE}.
   *
   * @param bytes length, 0 to 2^34
   */
  public HeapMemory(long bytes) {
    this(bytes, Granularity.CACHE_LINE);
  }

  /**
   * Makes memory of zeros.
   *
   * @param bytes length, 0 to 2^34
   * @param granularity the granularity to report
   */
  public HeapMemory(long bytes, Granularity granularity) {
    this(new long[Math.toIntExact((bytes + 7) / 8)], bytes, granularity);
  }

  /** Makes memory over words, the first byte in the lowest bits of the first word. */
  HeapMemory(long[] words, long bytes, Granularity granularity) {
    this(granularity, MemorySegment.ofArray(words).asSlice(0, bytes));
  }

  private HeapMemory(Granularity granularity, MemorySegment memory) {
    this.granularity = Objects.requireNonNull(granularity);
    this.memory = memory;
    this.readOnly = memory.asReadOnly();
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
    return readOnly;
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
    memory.asSlice(offset, length); // checks the range
  }

  @Override
  public void drain() {}

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    LONG.setRelease(memory, offset, value);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    return LONG.compareAndSet(memory, offset, expected, value);
  }

  @Override
  public long getLongAcquire(long offset) {
    return (long) LONG.getAcquire(memory, offset);
  }

  @Override
  public long getLong(long offset) {
    return (long) LONG.get(memory, offset);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    if (offset % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "slice offset " + offset + " is not a multiple of " + Long.BYTES);
    }
    return new HeapMemory(granularity, memory.asSlice(offset, length));
  }
}
