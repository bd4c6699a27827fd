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
 * A mapped file or DAX device, or a part of one. Everything {@link PersistentMemory} says, and
 * checked loads for bytes that nobody vouches for: after a crash, from another host, in a file that
 * another process may truncate. Where there is no memory behind an address, a checked load throws
 * {@link PmemMediaException} with the place.
 *
 * <p>What cannot be checked: on media of a granularity finer than {@link Granularity#PAGE} native
 * code writes cache lines back, and a file truncated by another process in that moment ends the JVM
 * with SIGBUS. On ordinary files native code never touches the mapped memory.
 */
public final class PmemRegion implements PersistentMemory {
  private static final VarHandle BYTE = handle(ValueLayout.JAVA_BYTE);
  private static final VarHandle SHORT = handle(ValueLayout.JAVA_SHORT);
  private static final VarHandle INT = handle(ValueLayout.JAVA_INT);
  private static final VarHandle LONG = handle(ValueLayout.JAVA_LONG);

  private static final long SLICE_ALIGNMENT = Long.BYTES;

  private final Medium medium;

  /** Where this region begins in the medium's memory. */
  private final long base;

  private final MemorySegment memory;
  private final MemorySegment readOnly;

  PmemRegion(Medium medium) {
    this(medium, 0, medium.memory);
  }

  private PmemRegion(Medium medium, long base, MemorySegment memory) {
    this.medium = medium;
    this.base = base;
    this.memory = memory;
    this.readOnly = memory.asReadOnly();
  }

  private static VarHandle handle(ValueLayout layout) {
    return layout.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();
  }

  /** The file or device. */
  public Path path() {
    return medium.path;
  }

  /** Where the first byte lies in the file, in bytes. */
  public long fileOffset() {
    return medium.fileOffset + base;
  }

  /** Fails if the path leads to another file by now than the one mapped here. */
  void verifyUnreplaced() throws IOException {
    medium.verifyUnreplaced();
  }

  /** Who mapped it. */
  public Backend backend() {
    return medium.backend();
  }

  /** What {@link #persist} really does here, and how far that carries, in words. */
  public String domain() {
    return medium.domain();
  }

  /**
   * What the address of the first byte is a multiple of: the largest power of two. From 2 MiB up
   * the kernel can map persistent memory with huge pages.
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
    return medium.granularity();
  }

  @Override
  public MemorySegment segment() {
    return readOnly;
  }

  @Override
  public void putByte(long offset, byte value) {
    BYTE.set(memory, offset, value);
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
  public void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    Objects.requireNonNull(how);
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    MemorySegment part = source.asSlice(sourceOffset, length);
    if (length == 0) {
      medium.checkUsable();
      return;
    }
    medium.write(base + offset, part, how);
  }

  @Override
  public void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    write(offset, MemorySegment.ofArray(source), sourceOffset, length, how);
  }

  @Override
  public void writeFill(long offset, long length, byte value, Caching how) {
    Objects.requireNonNull(how);
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length == 0) {
      medium.checkUsable();
      return;
    }
    medium.writeFill(base + offset, length, value, how);
  }

  @Override
  public void flush(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length == 0) {
      medium.checkUsable();
      return;
    }
    medium.flush(base + offset, length);
  }

  @Override
  public void drain() {
    medium.drain();
  }

  @Override
  public void persist(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length == 0) {
      medium.checkUsable();
      return;
    }
    medium.persist(base + offset, length);
  }

  @Override
  public void deepPersist(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (length == 0) {
      medium.checkUsable();
      return;
    }
    medium.deepPersist(base + offset, length);
  }

  @Override
  public void publishLong(long offset, long value) {
    LONG.setRelease(memory, offset, value);
    medium.persist(base + offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    if (!LONG.compareAndSet(memory, offset, expected, value)) {
      return false;
    }
    medium.persist(base + offset, Long.BYTES);
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * <p>A checked load, as {@link #getLong} is.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  @Override
  public long getLongAcquire(long offset) {
    try {
      long value = (long) LONG.getAcquire(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(offset, Long.BYTES, fault);
    }
  }

  /**
   * A checked load of one byte.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  public byte getByte(long offset) {
    try {
      byte value = (byte) BYTE.get(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(offset, Byte.BYTES, fault);
    }
  }

  /**
   * A checked load of two bytes; {@code offset} is a multiple of 2.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  public short getShort(long offset) {
    try {
      short value = (short) SHORT.get(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(offset, Short.BYTES, fault);
    }
  }

  /**
   * A checked load of four bytes; {@code offset} is a multiple of 4.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  public int getInt(long offset) {
    try {
      int value = (int) INT.get(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(offset, Integer.BYTES, fault);
    }
  }

  /**
   * A checked load of eight bytes; {@code offset} is a multiple of 8. A check costs some 30 ns:
   * where much is to be checked, {@link #read} checks it at once.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  public long getLong(long offset) {
    try {
      long value = (long) LONG.get(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(offset, Long.BYTES, fault);
    }
  }

  /**
   * A checked copy out of this memory, into all of {@code target}.
   *
   * @throws PmemMediaException if there is no memory behind a part of the range; {@code target}
   *     then holds anything
   */
  public void read(long offset, byte[] target) {
    read(offset, target, 0, target.length);
  }

  /**
   * A checked copy out of this memory.
   *
   * @throws PmemMediaException if there is no memory behind a part of the range; {@code target}
   *     then holds anything in its part
   */
  public void read(long offset, byte[] target, int targetOffset, int length) {
    try {
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, target, targetOffset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw media(offset, length, fault);
    }
  }

  private PmemMediaException media(long offset, long length, InternalError fault) {
    if (!MediaFault.is(fault)) {
      throw fault;
    }
    return new PmemMediaException(medium.path, medium.fileOffset + base + offset, length, fault);
  }

  @Override
  public PmemRegion slice(long offset, long length) {
    if (offset % SLICE_ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "slice offset " + offset + " is not a multiple of " + SLICE_ALIGNMENT);
    }
    medium.checkUsable();
    return new PmemRegion(medium, base + offset, memory.asSlice(offset, length));
  }
}
