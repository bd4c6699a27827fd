// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;

/**
 * A decorator with a hook before and after each access. Offsets of hooks count from the start of
 * the whole memory, in slices too. The call is the name of the method of {@link PersistentMemory}.
 */
abstract class ObservedMemory extends ForwardingMemory {
  /** From this length on libpmem stores around the caches (PMEM_MOVNT_THRESHOLD). */
  private static final long BYPASS_THRESHOLD = 256;

  /** The offset of the first byte in the whole memory. */
  final long base;

  /** Held by each store, flush and drain and its hook, so that hooks see the order of effects. */
  private final Object lock;

  ObservedMemory(PersistentMemory memory, long base, Object lock) {
    super(memory);
    this.base = base;
    this.lock = lock;
  }

  /** Returns a decorator of a slice that shares all state with this one. */
  abstract PersistentMemory decorate(PersistentMemory slice, long newBase);

  /** Called before a store, with a range that may lie outside. */
  void storing(String call, long offset, long length) {}

  /** Called after a store. */
  void stored(StoreOrder order, String call, long offset, long length) {}

  /** Called before a load. */
  void loading(long offset, long length) {}

  /** Called before the segment is handed out, whose loads are not observed. */
  void exposing() {}

  /** Called before a flush. */
  void flushing(String call, long offset, long length) {}

  /** Called after a flush. */
  void flushed(String call, long offset, long length) {}

  /** Called before a drain. */
  void draining(String call) {}

  /** Called after a drain. */
  void drained(String call) {}

  @Override
  public MemorySegment segment() {
    exposing();
    return target.segment();
  }

  @Override
  public void putByte(long offset, byte value) {
    storing("putByte", base + offset, Byte.BYTES);
    synchronized (lock) {
      target.putByte(offset, value);
      stored(StoreOrder.PLAIN, "putByte", base + offset, Byte.BYTES);
    }
  }

  @Override
  public void putShort(long offset, short value) {
    storing("putShort", base + offset, Short.BYTES);
    synchronized (lock) {
      target.putShort(offset, value);
      stored(StoreOrder.PLAIN, "putShort", base + offset, Short.BYTES);
    }
  }

  @Override
  public void putInt(long offset, int value) {
    storing("putInt", base + offset, Integer.BYTES);
    synchronized (lock) {
      target.putInt(offset, value);
      stored(StoreOrder.PLAIN, "putInt", base + offset, Integer.BYTES);
    }
  }

  @Override
  public void putLong(long offset, long value) {
    storing("putLong", base + offset, Long.BYTES);
    synchronized (lock) {
      target.putLong(offset, value);
      stored(StoreOrder.PLAIN, "putLong", base + offset, Long.BYTES);
    }
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    storing("copy", base + offset, length);
    synchronized (lock) {
      target.copy(offset, source, sourceOffset, length);
      stored(StoreOrder.BULK, "copy", base + offset, length);
    }
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    storing("copy", base + offset, length);
    synchronized (lock) {
      target.copy(offset, source, sourceOffset, length);
      stored(StoreOrder.BULK, "copy", base + offset, length);
    }
  }

  @Override
  public void fill(long offset, long length, byte value) {
    storing("fill", base + offset, length);
    synchronized (lock) {
      target.fill(offset, length, value);
      stored(StoreOrder.BULK, "fill", base + offset, length);
    }
  }

  private static StoreOrder order(long length, Caching how) {
    boolean bypasses =
        switch (how) {
          case AUTO -> length >= BYPASS_THRESHOLD;
          case TEMPORAL -> false;
          case NON_TEMPORAL -> true;
        };
    return bypasses ? StoreOrder.BYPASS : StoreOrder.BULK;
  }

  @Override
  public void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    StoreOrder order = order(length, how);
    storing("write", base + offset, length);
    flushing("write", base + offset, length);
    synchronized (lock) {
      target.write(offset, source, sourceOffset, length, how);
      stored(order, "write", base + offset, length);
      flushed("write", base + offset, length);
    }
  }

  @Override
  public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    write(offset, MemorySegment.ofArray(source), sourceOffset, length, how);
  }

  @Override
  public void writeFill(long offset, long length, byte value, Caching how) {
    StoreOrder order = order(length, how);
    storing("writeFill", base + offset, length);
    flushing("writeFill", base + offset, length);
    synchronized (lock) {
      target.writeFill(offset, length, value, how);
      stored(order, "writeFill", base + offset, length);
      flushed("writeFill", base + offset, length);
    }
  }

  @Override
  public void flush(long offset, long length) {
    flushing("flush", base + offset, length);
    synchronized (lock) {
      target.flush(offset, length);
      flushed("flush", base + offset, length);
    }
  }

  @Override
  public void drain() {
    draining("drain");
    synchronized (lock) {
      target.drain();
      drained("drain");
    }
  }

  /** Stores a word of a file system under the name of a call. */
  final void store(String call, StoreOrder order, long offset, long value) {
    storing(call, base + offset, Long.BYTES);
    synchronized (lock) {
      target.putLong(offset, value);
      stored(order, call, base + offset, Long.BYTES);
    }
  }

  /** Fills a range with zeros that are durable at once. */
  final void zero(long offset, long length) {
    storing("zero", base + offset, length);
    synchronized (lock) {
      target.fill(offset, length, (byte) 0);
      stored(StoreOrder.DURABLE, "zero", base + offset, length);
    }
  }

  /** Makes a range durable as fsync(2) does; not a redundant flush if it was. */
  final void sync(long offset, long length) {
    flushing(DurabilityRules.SYNC, base + offset, length);
    draining(DurabilityRules.SYNC);
    synchronized (lock) {
      persisted(DurabilityRules.SYNC, offset, length);
    }
  }

  private void persisted(String call, long offset, long length) {
    flushed(call, base + offset, length);
    drained(call);
  }

  @Override
  public void persist(long offset, long length) {
    flushing("persist", base + offset, length);
    draining("persist");
    synchronized (lock) {
      target.persist(offset, length);
      persisted("persist", offset, length);
    }
  }

  @Override
  public void deepPersist(long offset, long length) {
    flushing("deepPersist", base + offset, length);
    draining("deepPersist");
    synchronized (lock) {
      target.deepPersist(offset, length);
      persisted("deepPersist", offset, length);
    }
  }

  /** Other threads may see the stored value before this call. */
  private void published(String call, long offset) {
    flushing(call, base + offset, Long.BYTES);
    draining(call);
    synchronized (lock) {
      persisted(call, offset, Long.BYTES);
    }
  }

  @Override
  public void publishLong(long offset, long value) {
    storing("publishLong", base + offset, Long.BYTES);
    synchronized (lock) {
      target.publishLong(offset, value);
      stored(StoreOrder.ORDERED, "publishLong", base + offset, Long.BYTES);
    }
    published("publishLong", offset);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    loading(base + offset, Long.BYTES);
    storing("compareAndPublish", base + offset, Long.BYTES);
    synchronized (lock) {
      if (!target.compareAndPublish(offset, expected, value)) {
        return false;
      }
      stored(StoreOrder.ORDERED, "compareAndPublish", base + offset, Long.BYTES);
    }
    published("compareAndPublish", offset);
    return true;
  }

  @Override
  public void putLongRelease(long offset, long value) {
    storing("putLongRelease", base + offset, Long.BYTES);
    synchronized (lock) {
      target.putLongRelease(offset, value);
      stored(StoreOrder.ORDERED, "putLongRelease", base + offset, Long.BYTES);
    }
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    loading(base + offset, Long.BYTES);
    storing("compareAndSetLong", base + offset, Long.BYTES);
    synchronized (lock) {
      if (!target.compareAndSetLong(offset, expected, value)) {
        return false;
      }
      stored(StoreOrder.ORDERED, "compareAndSetLong", base + offset, Long.BYTES);
    }
    return true;
  }

  @Override
  public long getLongAcquire(long offset) {
    loading(base + offset, Long.BYTES);
    return target.getLongAcquire(offset);
  }

  @Override
  public byte getByte(long offset) {
    loading(base + offset, Byte.BYTES);
    return target.getByte(offset);
  }

  @Override
  public short getShort(long offset) {
    loading(base + offset, Short.BYTES);
    return target.getShort(offset);
  }

  @Override
  public int getInt(long offset) {
    loading(base + offset, Integer.BYTES);
    return target.getInt(offset);
  }

  @Override
  public long getLong(long offset) {
    loading(base + offset, Long.BYTES);
    return target.getLong(offset);
  }

  @Override
  public void read(long offset, byte[] destination, int at, int length) {
    loading(base + offset, length);
    target.read(offset, destination, at, length);
  }

  @Override
  public void read(long offset, MemorySegment destination, long at, long length) {
    loading(base + offset, length);
    target.read(offset, destination, at, length);
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    PersistentMemory part = target.slice(offset, length);
    return decorate(part, base + offset);
  }
}
