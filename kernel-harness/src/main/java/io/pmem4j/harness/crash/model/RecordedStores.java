// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import io.pmem4j.harness.guest.trace.TraceRecord;
import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A memory that records its stores, flushes and drains as the plugin of QEMU records the kernel's:
 * a store has at most eight bytes, a flush one line. Loads are the memory's own. Not thread-safe.
 */
final class RecordedStores extends ForwardingMemory {
  private static final int LINE = 64;

  private final long base;
  private final List<TraceRecord> records;

  /** Records from now on. */
  RecordedStores(PersistentMemory memory) {
    this(memory, 0, new ArrayList<>());
  }

  private RecordedStores(PersistentMemory memory, long base, List<TraceRecord> records) {
    super(memory);
    this.base = base;
    this.records = records;
  }

  /** Returns the records so far, which go on growing. */
  List<TraceRecord> records() {
    return records;
  }

  private void stored(long offset, long length) {
    byte[] bytes = new byte[Long.BYTES];
    for (long at = offset; at < offset + length; ) {
      // A store that is not aligned is one of the words that it touches.
      int part = (int) Math.min(Long.BYTES - (base + at) % Long.BYTES, offset + length - at);
      target.read(at, bytes, 0, part);
      long value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      add(TraceRecord.Kind.STORE, at, part, value);
      at += part;
    }
  }

  private void add(TraceRecord.Kind kind, long offset, int bytes, long value) {
    records.add(new TraceRecord(kind, base + offset, bytes, 0, value, 0));
  }

  @Override
  public void putByte(long offset, byte value) {
    target.putByte(offset, value);
    stored(offset, Byte.BYTES);
  }

  @Override
  public void putShort(long offset, short value) {
    target.putShort(offset, value);
    stored(offset, Short.BYTES);
  }

  @Override
  public void putInt(long offset, int value) {
    target.putInt(offset, value);
    stored(offset, Integer.BYTES);
  }

  @Override
  public void putLong(long offset, long value) {
    target.putLong(offset, value);
    stored(offset, Long.BYTES);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    target.copy(offset, source, sourceOffset, length);
    stored(offset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    target.copy(offset, source, sourceOffset, length);
    stored(offset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    target.fill(offset, length, value);
    stored(offset, length);
  }

  @Override
  public void flush(long offset, long length) {
    long first = (base + offset) / LINE * LINE;
    for (long line = first; line < base + offset + length; line += LINE) {
      records.add(new TraceRecord(TraceRecord.Kind.FLUSH, line, LINE, 0, 0, 0));
    }
  }

  @Override
  public void drain() {
    records.add(new TraceRecord(TraceRecord.Kind.FENCE, 0, 0, 0, 0, 0));
  }

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
    drain();
  }

  @Override
  public void publishLong(long offset, long value) {
    target.putLongRelease(offset, value);
    stored(offset, Long.BYTES);
    persist(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    if (!target.compareAndSetLong(offset, expected, value)) {
      return false;
    }
    stored(offset, Long.BYTES);
    persist(offset, Long.BYTES);
    return true;
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    return new RecordedStores(target.slice(offset, length), base + offset, records);
  }
}
