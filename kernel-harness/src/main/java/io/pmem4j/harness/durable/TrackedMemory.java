// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The memory of a file system, whose stores, flushes and drains a {@link LineTracker} follows.
 * Loads are the memory's own. Not thread-safe, as the tracker is not.
 */
public final class TrackedMemory extends ForwardingMemory {
  private static final long STATE_OFFSET =
      Superblock.PRIMARY_OFFSET
          + Superblock.LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("s_state"));

  private final LineTracker lines;
  private final long base;

  /** Follows a whole memory. */
  public TrackedMemory(PersistentMemory memory, LineTracker lines) {
    this(memory, lines, 0);
  }

  private TrackedMemory(PersistentMemory memory, LineTracker lines, long base) {
    super(memory);
    this.lines = lines;
    this.base = base;
  }

  private void storing(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, target.byteSize());
    lines.storing(base + offset, length, false);
  }

  @Override
  public void putByte(long offset, byte value) {
    storing(offset, Byte.BYTES);
    target.putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    if (base + offset == STATE_OFFSET) {
      int before = target.segment().get(ValueLayout.JAVA_BYTE, offset);
      if ((value & ~before & Superblock.VALID_FS) != 0) {
        lines.storingClean();
      }
    }
    storing(offset, Short.BYTES);
    target.putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    lines.storingNumber(base + offset, value);
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
    Objects.checkFromIndexSize(offset, length, target.byteSize());
    lines.storing(base + offset, length, true);
    target.fill(offset, length, value);
  }

  @Override
  public void flush(long offset, long length) {
    target.flush(offset, length);
    lines.flushed(base + offset, length);
  }

  @Override
  public void drain() {
    target.drain();
    lines.drained();
  }

  @Override
  public void persist(long offset, long length) {
    target.persist(offset, length);
    lines.flushed(base + offset, length);
    lines.drained();
  }

  @Override
  public void publishLong(long offset, long value) {
    storing(offset, Long.BYTES);
    target.publishLong(offset, value);
    lines.flushed(base + offset, Long.BYTES);
    lines.drained();
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    storing(offset, Long.BYTES);
    boolean stored = target.compareAndPublish(offset, expected, value);
    lines.flushed(base + offset, Long.BYTES);
    lines.drained();
    return stored;
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new TrackedMemory(target.slice(offset, length), lines, base + offset);
  }
}
