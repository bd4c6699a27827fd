// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A region over memory of a {@link RegionProvider}. Offsets are the provider's. */
final class ProvidedRegion extends PmemRegion {
  private final PersistentMemory provided;
  private final Access access;

  ProvidedRegion(Path path, long fileOffset, PersistentMemory provided, Access access) {
    super(new ProvidedMapping(path, fileOffset, provided));
    this.provided = provided;
    this.access = access;
  }

  /**
   * The right to use a region.
   *
   * @param token a byte in the arena of the mapping
   * @param readOnly true if stores are refused
   */
  record Access(MemorySegment token, boolean readOnly) {
    /** Throws the exceptions of the arena. */
    void checkUse() {
      byte _ = token.get(ValueLayout.JAVA_BYTE, 0);
    }

    void checkStore() {
      checkUse();
      if (readOnly) {
        throw new IllegalArgumentException("the region is mapped read-only");
      }
    }
  }

  private PersistentMemory loads() {
    access.checkUse();
    return provided;
  }

  private PersistentMemory stores() {
    access.checkStore();
    return provided;
  }

  @Override
  public MemorySegment segment() {
    return provided.segment();
  }

  @Override
  public void putByte(long offset, byte value) {
    stores().putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    stores().putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    stores().putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    stores().putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    stores().copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    stores().copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    stores().fill(offset, length, value);
  }

  @Override
  public void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    stores().write(offset, source, sourceOffset, length, how);
  }

  @Override
  public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    stores().write(offset, source, sourceOffset, length, how);
  }

  @Override
  public void writeFill(long offset, long length, byte value, Caching how) {
    stores().writeFill(offset, length, value, how);
  }

  @Override
  public void flush(long offset, long length) {
    loads().flush(offset, length);
  }

  @Override
  public void drain() {
    loads().drain();
  }

  @Override
  public void persist(long offset, long length) {
    loads().persist(offset, length);
  }

  @Override
  public void deepPersist(long offset, long length) {
    loads().deepPersist(offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    stores().publishLong(offset, value);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    return stores().compareAndPublish(offset, expected, value);
  }

  @Override
  public MemorySegment writable() {
    return stores().writable();
  }

  @Override
  public void putLongRelease(long offset, long value) {
    stores().putLongRelease(offset, value);
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    return stores().compareAndSetLong(offset, expected, value);
  }

  @Override
  public long getLongAcquire(long offset) {
    return loads().getLongAcquire(offset);
  }

  @Override
  public byte getByte(long offset) {
    return loads().getByte(offset);
  }

  @Override
  public short getShort(long offset) {
    return loads().getShort(offset);
  }

  @Override
  public int getInt(long offset) {
    return loads().getInt(offset);
  }

  @Override
  public long getLong(long offset) {
    return loads().getLong(offset);
  }

  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    loads().read(offset, target, targetOffset, length);
  }

  @Override
  public void read(long offset, MemorySegment target, long targetOffset, long length) {
    loads().read(offset, target, targetOffset, length);
  }

  @Override
  public PmemRegion slice(long offset, long length) {
    PersistentMemory part = loads().slice(offset, length);
    return new ProvidedRegion(path(), fileOffset() + offset, part, access);
  }
}
