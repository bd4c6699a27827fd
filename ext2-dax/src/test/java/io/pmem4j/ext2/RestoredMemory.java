// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.pmem.ForwardingMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Memory that begins as an image and goes back to it: what was stored to is noted by parts of 1
 * KiB, and only these are copied again. Belongs to one thread.
 */
final class RestoredMemory extends ForwardingMemory {
  private static final int PART_BITS = 10;

  private final byte[] pristine;
  private final boolean[] dirty;
  private final int[] parts;
  private int count;

  RestoredMemory(byte[] pristine) {
    super(new HeapMemory(pristine.length));
    this.pristine = pristine;
    this.dirty = new boolean[(pristine.length >> PART_BITS) + 1];
    this.parts = new int[dirty.length];
    target.copy(0, pristine, 0, pristine.length);
  }

  /** Undoes all stores. */
  void restore() {
    for (int i = 0; i < count; i++) {
      int at = parts[i] << PART_BITS;
      target.copy(at, pristine, at, Math.min(1 << PART_BITS, pristine.length - at));
    }
    forgetStores();
  }

  /**
   * Begins anew to note stores: what was stored so far stays. Undone by {@link #restore(int[])}.
   */
  int[] forgetStores() {
    int[] stored = Arrays.copyOf(parts, count);
    for (int part : stored) {
      dirty[part] = false;
    }
    count = 0;
    return stored;
  }

  /** Undoes all stores, those too that were forgotten. */
  void restore(int[] forgotten) {
    for (int part : forgotten) {
      mark((long) part << PART_BITS, 1);
    }
    restore();
  }

  /** Returns the number of parts that have been stored to. */
  int storedParts() {
    return count;
  }

  /** Returns the offset of a part that has been stored to. */
  int storedPart(int index) {
    return parts[index] << PART_BITS;
  }

  private void mark(long offset, long length) {
    for (long part = offset >> PART_BITS; part << PART_BITS < offset + length; part++) {
      if (!dirty[(int) part]) {
        dirty[(int) part] = true;
        parts[count++] = (int) part;
      }
    }
  }

  // The target refuses what is out of bounds, so that only stores that took place are noted.

  @Override
  public void putByte(long offset, byte value) {
    super.putByte(offset, value);
    mark(offset, Byte.BYTES);
  }

  @Override
  public void putShort(long offset, short value) {
    super.putShort(offset, value);
    mark(offset, Short.BYTES);
  }

  @Override
  public void putInt(long offset, int value) {
    super.putInt(offset, value);
    mark(offset, Integer.BYTES);
  }

  @Override
  public void putLong(long offset, long value) {
    super.putLong(offset, value);
    mark(offset, Long.BYTES);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    super.copy(offset, source, sourceOffset, length);
    mark(offset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    super.copy(offset, source, sourceOffset, length);
    mark(offset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    super.fill(offset, length, value);
    mark(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    super.publishLong(offset, value);
    mark(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    boolean done = super.compareAndPublish(offset, expected, value);
    mark(offset, Long.BYTES);
    return done;
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    throw new UnsupportedOperationException("stores to a slice are not noted");
  }
}
