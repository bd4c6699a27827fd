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
 * A mapped file or DAX device, or a part of one. Everything {@link PersistentMemory} says, with
 * checked loads: where there is no memory behind an address they throw {@link PmemMediaException}
 * with the place. They are for bytes that cannot be trusted: after a crash, from another host, in a
 * file that another process may truncate.
 *
 * <p><b>Stores are checked too.</b> A store that finds no memory, as in a hole of a file system
 * that is full, throws {@link PmemMediaException} with its place. What is accessed around this
 * class (an unchecked load through {@link #segment}, other mapped memory) the JVM tells of late:
 * such a fault comes out of the next store, load or persist here, before anything is acknowledged,
 * and {@link PmemMediaException#isPlaceCertain} is false.
 *
 * <p><b>A failed write-back is for ever.</b> After the first failure of msync(2) or fsync(2) every
 * later call that promises durability throws {@link PmemFailedFileException}, in all regions and
 * slices of the file.
 *
 * <p><b>The promise is about the file, not its name.</b> {@link #persist} makes bytes durable in
 * the file that was mapped, also if it has been renamed, replaced or removed since; a file without
 * a name is gone when its last region is closed. {@link #deepPersist} makes the name durable too,
 * and throws if there is none. A file that another process truncates and extends again between a
 * store and its persist loses the store, and neither the kernel nor this library can tell: keep
 * such processes out, see {@link MapSpec#exclusive}.
 *
 * <p><b>What cannot be checked.</b> On media of a granularity finer than {@link Granularity#PAGE}
 * native code writes cache lines back, and a file truncated by another process in that moment ends
 * the JVM with SIGBUS. On ordinary files native code never touches the mapped memory. Of the JDK's
 * own operations on {@link #segment}, accesses by VarHandle and {@code get}, {@code copy}, {@code
 * fill} and {@code toArray} survive memory that is gone, with an {@link InternalError} at some
 * later point. Those that run in native code or in intrinsics do not, and end the JVM: {@code
 * CRC32}, {@code CRC32C}, {@code Adler32}, {@code Deflater} of {@code java.util.zip} over {@code
 * asByteBuffer()}, {@code mismatch} and comparisons of buffers, {@code getString}, decoders,
 * digests, ciphers, and channels that write from the buffer. Use {@link #crc32c} and {@link #read}.
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

  /** Opens the mapped file once more, whatever its path leads to by now. */
  NativeFile reopen(boolean writable) throws IOException {
    return medium.reopen(writable);
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
    try {
      BYTE.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, Byte.BYTES, MediaFault.checked(fault));
    }
  }

  @Override
  public void putShort(long offset, short value) {
    try {
      SHORT.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, Short.BYTES, MediaFault.checked(fault));
    }
  }

  @Override
  public void putInt(long offset, int value) {
    try {
      INT.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, Integer.BYTES, MediaFault.checked(fault));
    }
  }

  @Override
  public void putLong(long offset, long value) {
    try {
      LONG.set(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, Long.BYTES, MediaFault.checked(fault));
    }
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    try {
      MemorySegment.copy(source, sourceOffset, memory, offset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw PmemMediaException.ofCopy(
          "store",
          medium.path,
          fileOffset() + offset,
          length,
          MappedRanges.isTrusted(source),
          MediaFault.checked(fault));
    }
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    try {
      MemorySegment.copy(source, sourceOffset, memory, ValueLayout.JAVA_BYTE, offset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, length, MediaFault.checked(fault));
    }
  }

  @Override
  public void fill(long offset, long length, byte value) {
    try {
      memory.asSlice(offset, length).fill(value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, length, MediaFault.checked(fault));
    }
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
    deliverEarlierFault("publish", offset, Long.BYTES);
    try {
      LONG.setRelease(memory, offset, value);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw storeFault(offset, Long.BYTES, MediaFault.checked(fault));
    }
    medium.persist(base + offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    checkUpdatable(offset);
    try {
      boolean stored = LONG.compareAndSet(memory, offset, expected, value);
      MediaFault.deliver();
      if (!stored) {
        return false;
      }
    } catch (InternalError fault) {
      throw storeFault(offset, Long.BYTES, MediaFault.checked(fault));
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
      throw media(
          offset,
          Long.BYTES,
          MediaFault.checked(fault),
          () -> {
            long _ = (long) LONG.getAcquire(memory, offset);
          });
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
      throw media(
          offset,
          Byte.BYTES,
          MediaFault.checked(fault),
          () -> {
            byte _ = (byte) BYTE.get(memory, offset);
          });
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
      throw media(
          offset,
          Short.BYTES,
          MediaFault.checked(fault),
          () -> {
            short _ = (short) SHORT.get(memory, offset);
          });
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
      throw media(
          offset,
          Integer.BYTES,
          MediaFault.checked(fault),
          () -> {
            int _ = (int) INT.get(memory, offset);
          });
    }
  }

  /**
   * A checked load of eight bytes; {@code offset} is a multiple of 8. The check costs two loads
   * from the first-level cache; where much is to be checked, {@link #read} checks it at once.
   *
   * @throws PmemMediaException if there is no memory behind the address
   */
  public long getLong(long offset) {
    try {
      long value = (long) LONG.get(memory, offset);
      MediaFault.deliver();
      return value;
    } catch (InternalError fault) {
      throw media(
          offset,
          Long.BYTES,
          MediaFault.checked(fault),
          () -> {
            long _ = (long) LONG.get(memory, offset);
          });
    }
  }

  /**
   * A checked copy out of this memory.
   *
   * @throws PmemMediaException if there is no memory behind a part of the range; {@code target}
   *     then holds anything in its part
   */
  @Override
  public void read(long offset, byte[] target, int targetOffset, int length) {
    try {
      MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, target, targetOffset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw media(
          offset,
          length,
          MediaFault.checked(fault),
          () ->
              MemorySegment.copy(
                  memory, ValueLayout.JAVA_BYTE, offset, target, targetOffset, length));
    }
  }

  /**
   * A checked copy out of this memory.
   *
   * @throws PmemMediaException if there is no memory behind a part of the range, or behind the
   *     target; {@code target} then holds anything in its part
   */
  @Override
  public void read(long offset, MemorySegment target, long targetOffset, long length) {
    try {
      MemorySegment.copy(memory, offset, target, targetOffset, length);
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw media(
          offset,
          length,
          MediaFault.checked(fault),
          () -> MemorySegment.copy(memory, offset, target, targetOffset, length));
    }
  }

  private void deliverEarlierFault(String operation, long offset, long length) {
    try {
      MediaFault.deliver();
    } catch (InternalError fault) {
      throw PmemMediaException.before(
          operation, medium.path, fileOffset() + offset, length, MediaFault.checked(fault));
    }
  }

  /** Tells a fault of this store from one of before by asking the kernel to store. */
  private PmemMediaException storeFault(long offset, long length, InternalError fault) {
    long page = PageWindow.PAGE_BYTES;
    long end = memory.address() + offset + length;
    for (long at = memory.address() + offset & -Integer.BYTES; at < end; at = (at & -page) + page) {
      if (!NativePages.touch(at)) {
        return PmemMediaException.at("store", medium.path, fileOffset() + offset, length, fault);
      }
    }
    return PmemMediaException.before("store", medium.path, fileOffset() + offset, length, fault);
  }

  /**
   * Throws if there is no memory for an atomic update: that is not made to survive SIGBUS before it
   * is compiled. A load is, and finds what was truncated; only a store finds that a hole cannot be
   * filled.
   */
  private void checkUpdatable(long offset) {
    getLongAcquire(offset);
    if (medium.mayHaveHoles() && !NativePages.touch(memory.address() + offset)) {
      throw PmemMediaException.at(
          "store",
          medium.path,
          fileOffset() + offset,
          Long.BYTES,
          new InternalError("futex(2): no memory"));
    }
  }

  /** Tells a fault of this access from one of before by trying the access again. */
  private PmemMediaException media(long offset, long length, InternalError fault, Runnable again) {
    try {
      again.run();
      MediaFault.deliver();
    } catch (InternalError same) {
      return PmemMediaException.at(
          "read", medium.path, medium.fileOffset + base + offset, length, MediaFault.checked(same));
    }
    return PmemMediaException.before("read", medium.path, fileOffset() + offset, length, fault);
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
