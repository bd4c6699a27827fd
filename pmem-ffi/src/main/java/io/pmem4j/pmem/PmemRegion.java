// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A mapped file or DAX device, or a part of one: {@link PersistentMemory} with checked accesses.
 *
 * <p><b>Checked loads and stores.</b> An access that finds no memory behind its address throws
 * {@link PmemMediaException} with the place. That happens on poisoned media, in a hole of a full
 * file system, and past EOF after another process has truncated the file. The JVM reports faults of
 * unchecked accesses late, for example of a load through {@link #segment}. Such a fault comes out
 * of the next call here, before it acknowledges anything; {@link PmemMediaException#isPlaceCertain}
 * is then false.
 *
 * <p><b>A failed write-back is final.</b> Once msync(2) or fsync(2) has failed, every later call
 * that promises durability throws {@link PmemFailedFileException}. That holds in all regions and
 * slices of the file.
 *
 * <p><b>The promise is about the file, not its name.</b> {@link #persist} makes bytes durable in
 * the file that was mapped, even if it has been renamed, replaced or removed since. A file without
 * a name is gone when its last region is closed. {@link #deepPersist} makes the name durable too,
 * and throws if there is none. If another process truncates and extends the file between a store
 * and its persist, the store is lost undetected; see {@link MapSpec#exclusive}.
 *
 * <p><b>Limits.</b> At a granularity finer than {@link Granularity#PAGE} native code writes cache
 * lines back. A truncation by another process at that moment ends the JVM with SIGBUS. On ordinary
 * files native code never touches the mapped memory. VarHandle accesses, {@code get}, {@code copy},
 * {@code fill} and {@code toArray} on {@link #segment} survive missing memory, with a late {@link
 * InternalError}. JDK operations in native code or intrinsics end the JVM: {@code CRC32}, {@code
 * CRC32C}, {@code Adler32} and {@code Deflater} over {@code asByteBuffer()}, {@code mismatch},
 * comparisons of buffers, {@code getString}, decoders, digests, ciphers, and channels that write
 * from it. Use {@link #crc32c} and {@link #read} instead.
 */
public sealed class PmemRegion implements PersistentMemory permits ProvidedRegion {
  private static final VarHandle BYTE = handle(ValueLayout.JAVA_BYTE);
  private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT);
  private static final VarHandle INT = handle(ValueLayout.JAVA_INT);
  private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG);

  private final Mapping mapping;
  private final long base; // where the region begins in the mapping's memory

  private final MemorySegment memory;
  private final MemorySegment readOnly;
  private final AccessFaults faults;

  PmemRegion(Mapping mapping) {
    this(mapping, 0, mapping.memory);
  }

  PmemRegion(Mapping mapping, long base, MemorySegment memory) {
    this.mapping = mapping;
    this.base = base;
    this.memory = memory;
    this.readOnly = memory.asReadOnly();
    this.faults = new AccessFaults(mapping.path, mapping.fileOffset + base, memory);
  }

  private static VarHandle handle(ValueLayout layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
  }

  /** Returns the path of the file or device, as it was mapped. */
  public Path path() {
    return mapping.path;
  }

  /** Returns the offset of the first byte in the file, in bytes. */
  public long fileOffset() {
    return mapping.fileOffset + base;
  }

  /** Opens the mapped file once more, even if its path leads to another file by now. */
  NativeFile reopen(boolean writable) throws IOException {
    return mapping.reopen(writable);
  }

  /** Returns the backend that mapped the region. */
  public Backend backend() {
    return mapping.backend();
  }

  /** Returns the persistence domain that {@link #persist} reaches here, in words. */
  public String domain() {
    return mapping.domain();
  }

  /**
   * Returns the largest power of two that divides the address of the first byte. From 2 MiB up the
   * kernel can map persistent memory with huge pages.
   */
  public long alignment() {
    return Long.lowestOneBit(memory.address());
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Granularity granularity() {
    return mapping.granularity();
  }

  @Override
  public MemorySegment segment() {
    return readOnly;
  }

  @Override
  public MemorySegment writable() {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException(mapping.path + " is mapped read-only");
    }
    return memory;
  }

  @Override
  public void putByte(long offset, byte value) {
    try {
      BYTE.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, Byte.BYTES, fault);
    }
  }

  @Override
  public void putShort(long offset, short value) {
    try {
      SHORT.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, Short.BYTES, fault);
    }
  }

  @Override
  public void putInt(long offset, int value) {
    try {
      INT.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, Integer.BYTES, fault);
    }
  }

  @Override
  public void putLong(long offset, long value) {
    try {
      LONG.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, Long.BYTES, fault);
    }
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    try {
      MemorySegment.copy(source, sourceOffset, memory, offset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.copy("store", offset, source, length, fault);
    }
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    try {
      MemorySegment.copy(source, sourceOffset, memory, ValueLayout.JAVA_BYTE, offset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, length, fault);
    }
  }

  @Override
  public void fill(long offset, long length, byte value) {
    try {
      memory.asSlice(offset, length).fill(value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, length, fault);
    }
  }

  @Override
  public void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    Objects.requireNonNull(how);
    MemorySegment part = source.asSlice(sourceOffset, length);
    if (!isEmpty(offset, length)) {
      mapping.write(base + offset, part, how);
    }
  }

  @Override
  public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    write(offset, MemorySegment.ofArray(source), sourceOffset, length, how);
  }

  @Override
  public void writeFill(long offset, long length, byte value, Caching how) {
    Objects.requireNonNull(how);
    if (!isEmpty(offset, length)) {
      mapping.writeFill(base + offset, length, value, how);
    }
  }

  @Override
  public void flush(long offset, long length) {
    if (!isEmpty(offset, length)) {
      mapping.flush(base + offset, length);
    }
  }

  @Override
  public void drain() {
    mapping.drain();
  }

  @Override
  public void persist(long offset, long length) {
    if (!isEmpty(offset, length)) {
      mapping.persist(base + offset, length);
    }
  }

  @Override
  public void deepPersist(long offset, long length) {
    if (!isEmpty(offset, length)) {
      mapping.deepPersist(base + offset, length);
    }
  }

  @Override
  public void publishLong(long offset, long value) {
    faults.deliverEarlier("publish", offset, Long.BYTES);
    putLongRelease(offset, value);
    mapping.persist(base + offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    if (!compareAndSetLong(offset, expected, value)) {
      return false;
    }
    mapping.persist(base + offset, Long.BYTES);
    return true;
  }

  @Override
  public void putLongRelease(long offset, long value) {
    try {
      LONG.setRelease(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.store(offset, Long.BYTES, fault);
    }
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    getLongAcquire(offset); // detects a truncated file
    if (mapping.mayHaveHoles()) {
      faults.requireStorable(offset);
    }
    try {
      boolean stored = LONG.compareAndSet(memory, offset, expected, value);
      MediaFault.deliver();
      return stored;
    } catch (InternalError fault) {
      throw faults.store(offset, Long.BYTES, fault);
    }
  }

  @Override
  public long getLongAcquire(long offset) {
    try {
      long value = (long) LONG.getAcquire(memory, offset);
      MediaFault.deliver(value);
      return value;
    } catch (InternalError fault) {
      throw faults.load(offset, Long.BYTES, fault);
    }
  }

  @Override
  public byte getByte(long offset) {
    try {
      byte value = (byte) BYTE.get(memory, offset);
      MediaFault.deliver(value);
      return value;
    } catch (InternalError fault) {
      throw faults.load(offset, Byte.BYTES, fault);
    }
  }

  @Override
  public short getShort(long offset) {
    try {
      short value = (short) SHORT.get(memory, offset);
      MediaFault.deliver(value);
      return value;
    } catch (InternalError fault) {
      throw faults.load(offset, Short.BYTES, fault);
    }
  }

  @Override
  public int getInt(long offset) {
    try {
      int value = (int) INT.get(memory, offset);
      MediaFault.deliver(value);
      return value;
    } catch (InternalError fault) {
      throw faults.load(offset, Integer.BYTES, fault);
    }
  }

  @Override
  public long getLong(long offset) {
    try {
      long value = (long) LONG.get(memory, offset);
      MediaFault.deliver(value);
      return value;
    } catch (InternalError fault) {
      throw faults.load(offset, Long.BYTES, fault);
    }
  }

  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    try {
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, target, targetOffset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.load(offset, length, fault);
    }
  }

  /**
   * Copies bytes out of this memory by checked loads.
   *
   * @throws PmemMediaException if there is no memory behind a part of the range, or behind the
   *     target; the content of {@code target} is then undefined
   */
  @Override
  public void read(long offset, MemorySegment target, long targetOffset, long length) {
    try {
      MemorySegment.copy(memory, offset, target, targetOffset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw faults.load(offset, length, fault);
    }
  }

  /** Returns true for a usable region and no bytes; throws if the range is outside. */
  private boolean isEmpty(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length == 0) {
      mapping.checkUsable();
      return true;
    }
    return false;
  }

  @Override
  public PmemRegion slice(long offset, long length) {
    if (offset % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "slice offset " + offset + " is not a multiple of " + Long.BYTES);
    }
    mapping.checkUsable();
    return new PmemRegion(mapping, base + offset, memory.asSlice(offset, length));
  }
}
