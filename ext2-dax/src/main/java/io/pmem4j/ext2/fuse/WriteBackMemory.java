// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Memory of an ordinary file, whose flushes wait until they are asked for together. A file system
 * on a disk promises nothing before fsync(2); a flush of each write would be an fsync of the whole
 * image. Thread-safe.
 *
 * <p>A store is durable after {@link #writeBack}. Until then a crash may keep any of them, as with
 * a write cache of the kernel.
 */
public final class WriteBackMemory implements PersistentMemory {
  private final PersistentMemory memory;

  /** The range that was flushed since the last write-back; empty if not below. Guarded by this. */
  private long from = Long.MAX_VALUE;

  private long to;

  /** Defers the flushes of a memory. */
  public WriteBackMemory(PersistentMemory memory) {
    this.memory = memory;
  }

  /**
   * Makes everything durable that was flushed before the call.
   *
   * @throws io.pmem4j.pmem.PmemException if that fails; the range stays for the next call
   */
  public void writeBack() {
    long first;
    long end;
    synchronized (this) {
      first = from;
      end = to;
      from = Long.MAX_VALUE;
      to = 0;
    }
    if (first >= end) {
      return;
    }
    boolean done = false;
    try {
      memory.persist(first, end - first);
      done = true;
    } finally {
      if (!done) {
        flush(first, end - first);
      }
    }
  }

  @Override
  public void flush(long offset, long length) {
    if (length <= 0) {
      return;
    }
    synchronized (this) {
      from = Math.min(from, offset);
      to = Math.max(to, offset + length);
    }
  }

  @Override
  public void drain() {
    // Nothing was started.
  }

  @Override
  public void persist(long offset, long length) {
    memory.persist(offset, length);
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
    memory.putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    memory.putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    memory.putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    memory.putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    memory.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    memory.copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, ByteBuffer source) {
    memory.copy(offset, source);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    memory.fill(offset, length, value);
  }

  @Override
  public void publishLong(long offset, long value) {
    memory.publishLong(offset, value);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    return memory.compareAndPublish(offset, expected, value);
  }

  @Override
  public long getLongAcquire(long offset) {
    return memory.getLongAcquire(offset);
  }

  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    memory.read(offset, target, targetOffset, length);
  }

  @Override
  public void read(long offset, MemorySegment target, long targetOffset, long length) {
    memory.read(offset, target, targetOffset, length);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return memory.slice(offset, length);
  }
}
