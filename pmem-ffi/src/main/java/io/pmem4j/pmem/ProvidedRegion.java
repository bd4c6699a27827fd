// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
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

  /** The right to use a region and its slices. */
  static final class Access {
    private final Path path;
    private final MemorySegment token;
    private final boolean readOnly;
    private final FirstFailure failure;

    /** The offset in the file from which on a truncation has taken the pages. */
    private volatile long revokedFrom = Long.MAX_VALUE;

    /**
     * A right that ends with the arena.
     *
     * @param failure of the file
     */
    Access(Path path, Arena arena, boolean readOnly, FirstFailure failure) {
      this.path = path;
      this.token = arena.allocate(1);
      this.readOnly = readOnly;
      this.failure = failure;
    }

    boolean isAlive() {
      return token.scope().isAlive();
    }

    void revokeFrom(long offset) {
      revokedFrom = Math.min(revokedFrom, offset);
    }

    /** Throws the exceptions of the arena, and of a truncation. */
    void check(String operation, long fileOffset, long length) {
      byte _ = token.get(ValueLayout.JAVA_BYTE, 0);
      if (length > 0 && fileOffset + length > revokedFrom) {
        throw PmemMediaException.revoked(operation, path, fileOffset, length);
      }
    }

    void checkStore(long fileOffset, long length) {
      check("store", fileOffset, length);
      if (readOnly) {
        throw new IllegalArgumentException("the region is mapped read-only");
      }
    }

    /** Makes something durable; a failure is final for the file. */
    void durably(String operation, long fileOffset, long length, Runnable call) {
      check(operation, fileOffset, length);
      failure.check(operation, path, fileOffset, length);
      try {
        call.run();
      } catch (PmemMediaException fault) {
        throw fault; // of this place, not of the write-back
      } catch (PmemException reason) {
        throw failure.fail(reason);
      }
    }
  }

  private PersistentMemory loads(long offset, long length) {
    access.check("load", fileOffset() + offset, length);
    return provided;
  }

  private PersistentMemory stores(long offset, long length) {
    access.checkStore(fileOffset() + offset, length);
    return provided;
  }

  private void durably(String operation, long offset, long length, Runnable call) {
    access.durably(operation, fileOffset() + offset, length, call);
  }

  @Override
  public long byteSize() {
    return provided.byteSize();
  }

  @Override
  public long alignment() {
    return Long.lowestOneBit(provided.segment().address());
  }

  @Override
  public MemorySegment segment() {
    return provided.segment();
  }

  @Override
  public void putByte(long offset, byte value) {
    stores(offset, Byte.BYTES).putByte(offset, value);
  }

  @Override
  public void putShort(long offset, short value) {
    stores(offset, Short.BYTES).putShort(offset, value);
  }

  @Override
  public void putInt(long offset, int value) {
    stores(offset, Integer.BYTES).putInt(offset, value);
  }

  @Override
  public void putLong(long offset, long value) {
    stores(offset, Long.BYTES).putLong(offset, value);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    stores(offset, length).copy(offset, source, sourceOffset, length);
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    stores(offset, length).copy(offset, source, sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    stores(offset, length).fill(offset, length, value);
  }

  @Override
  public void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    PersistentMemory to = stores(offset, length);
    durably("write", offset, length, () -> to.write(offset, source, sourceOffset, length, how));
  }

  @Override
  public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    PersistentMemory to = stores(offset, length);
    durably("write", offset, length, () -> to.write(offset, source, sourceOffset, length, how));
  }

  @Override
  public void writeFill(long offset, long length, byte value, Caching how) {
    PersistentMemory to = stores(offset, length);
    durably("writeFill", offset, length, () -> to.writeFill(offset, length, value, how));
  }

  @Override
  public void flush(long offset, long length) {
    durably("flush", offset, length, () -> provided.flush(offset, length));
  }

  @Override
  public void drain() {
    durably("drain", 0, 0, provided::drain);
  }

  @Override
  public void persist(long offset, long length) {
    durably("persist", offset, length, () -> provided.persist(offset, length));
  }

  @Override
  public void deepPersist(long offset, long length) {
    durably("deepPersist", offset, length, () -> provided.deepPersist(offset, length));
  }

  @Override
  public void publishLong(long offset, long value) {
    PersistentMemory to = stores(offset, Long.BYTES);
    durably("publishLong", offset, Long.BYTES, () -> to.publishLong(offset, value));
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    PersistentMemory to = stores(offset, Long.BYTES);
    boolean[] done = new boolean[1];
    durably(
        "compareAndPublish",
        offset,
        Long.BYTES,
        () -> done[0] = to.compareAndPublish(offset, expected, value));
    return done[0];
  }

  @Override
  public MemorySegment writable() {
    return stores(0, 0).writable();
  }

  @Override
  public void putLongRelease(long offset, long value) {
    stores(offset, Long.BYTES).putLongRelease(offset, value);
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    return stores(offset, Long.BYTES).compareAndSetLong(offset, expected, value);
  }

  @Override
  public long getLongAcquire(long offset) {
    return loads(offset, Long.BYTES).getLongAcquire(offset);
  }

  @Override
  public byte getByte(long offset) {
    return loads(offset, Byte.BYTES).getByte(offset);
  }

  @Override
  public short getShort(long offset) {
    return loads(offset, Short.BYTES).getShort(offset);
  }

  @Override
  public int getInt(long offset) {
    return loads(offset, Integer.BYTES).getInt(offset);
  }

  @Override
  public long getLong(long offset) {
    return loads(offset, Long.BYTES).getLong(offset);
  }

  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    loads(offset, length).read(offset, target, targetOffset, length);
  }

  @Override
  public void read(long offset, MemorySegment target, long targetOffset, long length) {
    loads(offset, length).read(offset, target, targetOffset, length);
  }

  @Override
  public PmemRegion slice(long offset, long length) {
    PersistentMemory part = loads(0, 0).slice(offset, length);
    return new ProvidedRegion(path(), fileOffset() + offset, part, access);
  }
}
