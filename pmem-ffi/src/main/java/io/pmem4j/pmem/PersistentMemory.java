// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Memory whose stores can be made durable. All code above stores through these methods, so that
 * recording, crash simulation and scheduling are decorators.
 *
 * <p><b>Units and ranges.</b> Offsets and lengths are bytes from the start of this memory, checked
 * without overflow. A range outside throws {@link IndexOutOfBoundsException} and changes nothing.
 * Values are little-endian. Multi-byte values have natural alignment, or the call throws {@link
 * IllegalArgumentException}. After a crash an aligned value is old or new, never torn.
 *
 * <p><b>Durability.</b> A store is visible at once. It is durable when a later {@link #persist} of
 * its range has returned, or {@link #flush} and then {@link #drain}. It may become durable earlier.
 * After a crash any subset of the other stores may be there, in aligned units of 8 bytes.
 *
 * <p><b>Threads.</b> Any thread may call any method, if the arena of the mapping allows it. The
 * caller orders stores of different threads, as for any memory.
 *
 * <p><b>Lifetime.</b> Once the arena of the mapping is closed, every method but {@link #byteSize}
 * and {@link #granularity} throws {@link IllegalStateException}. A thread that does not own a
 * confined arena gets {@link WrongThreadException}.
 *
 * <p>Stores to memory mapped read-only throw {@link IllegalArgumentException}.
 */
public interface PersistentMemory {

  /** Returns the size in bytes; it never changes. */
  long byteSize();

  /** Returns the unit in which stores become durable here; it never changes. */
  Granularity granularity();

  /**
   * Returns the memory as a read-only segment, for loads with VarHandles. If another process
   * truncates the file, a load past EOF throws {@link InternalError}, possibly late. The loads of
   * this interface are checked for that case, if a {@link PmemRegion} makes them.
   */
  MemorySegment segment();

  /**
   * Returns the memory as a segment that can be stored to, for layouts and VarHandles. A store
   * through it is like a {@code put}: it is durable once the caller has persisted its range. The
   * caller names each range that it dirtied; nothing else records it. A fault of such a store is
   * reported by a later call here, see {@link PmemRegion}.
   *
   * @throws UnsupportedOperationException if stores have to be seen, as in a decorator that records
   *     or schedules them; this is the default
   * @throws IllegalArgumentException if the memory is mapped read-only
   */
  default MemorySegment writable() {
    throw new UnsupportedOperationException(
        getClass().getSimpleName() + " has to see each store; use its put methods");
  }

  /** Stores one byte. */
  void putByte(long offset, byte value);

  /** Stores two bytes, little-endian; {@code offset} is a multiple of 2. */
  void putShort(long offset, short value);

  /** Stores four bytes, little-endian; {@code offset} is a multiple of 4. */
  void putInt(long offset, int value);

  /** Stores eight bytes, little-endian; {@code offset} is a multiple of 8. */
  void putLong(long offset, long value);

  /** Stores the bits of a {@code float} as {@link #putInt} does. */
  default void putFloat(long offset, float value) {
    putInt(offset, Float.floatToRawIntBits(value));
  }

  /** Stores the bits of a {@code double} as {@link #putLong} does. */
  default void putDouble(long offset, double value) {
    putLong(offset, Double.doubleToRawLongBits(value));
  }

  /**
   * Stores an aligned eight-byte value with release order, and does not persist it. A reader with
   * acquire order that sees the value sees all earlier stores. After a crash the value may be there
   * without them, or they without it.
   */
  default void putLongRelease(long offset, long value) {
    VarHandle.releaseFence();
    putLong(offset, value);
  }

  /**
   * Replaces an aligned eight-byte value if it is {@code expected}, in one atomic step with the
   * order of volatile accesses. The new value is durable when a later persist of it has returned.
   * The default persists it at once.
   *
   * @return true if {@code value} was stored
   */
  default boolean compareAndSetLong(long offset, long expected, long value) {
    return compareAndPublish(offset, expected, value);
  }

  /**
   * Adds to an aligned eight-byte value as {@link #compareAndSetLong} does.
   *
   * @return the value before
   */
  default long getAndAddLong(long offset, long delta) {
    long before;
    do {
      before = getLongAcquire(offset);
    } while (!compareAndSetLong(offset, before, before + delta));
    return before;
  }

  /**
   * Copies {@code length} bytes from {@code source} with plain stores. The copy is not atomic in
   * any unit. The source may be a heap segment, or overlap.
   */
  void copy(long offset, MemorySegment source, long sourceOffset, long length);

  /** Copies {@code length} bytes from an array with plain stores, not atomically in any unit. */
  void copy(long offset, byte[] source, int sourceOffset, int length);

  /**
   * Copies into this memory from the buffer, from its position to its limit, and moves the position
   * to the limit. The stores are plain. After an exception the position is unchanged.
   */
  default void copy(long offset, ByteBuffer source) {
    MemorySegment part = MemorySegment.ofBuffer(source);
    copy(offset, part, 0, part.byteSize());
    source.position(source.limit());
  }

  /** Stores {@code value} into each byte of the range, with plain stores. */
  void fill(long offset, long length, byte value);

  /**
   * Copies {@code length} bytes from {@code source} and starts to make them durable, as {@link
   * #copy(long, MemorySegment, long, long)} and {@link #flush} do. The stores may bypass the
   * caches. The copy is not atomic in any unit, and nothing is staged in between.
   *
   * @throws PmemException if the range cannot be made durable
   */
  default void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    Objects.requireNonNull(how);
    copy(offset, source, sourceOffset, length);
    flush(offset, length);
  }

  /** Copies from an array as {@link #write(long, MemorySegment, long, long, Caching)} does. */
  default void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    Objects.requireNonNull(how);
    copy(offset, source, sourceOffset, length);
    flush(offset, length);
  }

  /**
   * Stores {@code value} into each byte of the range and starts to make that durable, as {@link
   * #fill} and {@link #flush} do.
   *
   * @throws PmemException if the range cannot be made durable
   */
  default void writeFill(long offset, long length, byte value, Caching how) {
    Objects.requireNonNull(how);
    fill(offset, length, value);
    flush(offset, length);
  }

  /**
   * Starts to make the stores of this range durable. They are after the next {@link #drain} by this
   * thread. At {@link Granularity#PAGE} this method completes the work itself.
   *
   * @throws PmemException if the range cannot be made durable
   */
  void flush(long offset, long length);

  /** Waits until all ranges that this thread has flushed are durable. */
  void drain();

  /**
   * Makes the stores of this range durable before it returns, as {@link #flush} and {@link #drain}
   * do.
   *
   * @throws PmemException if the range cannot be made durable
   */
  void persist(long offset, long length);

  /**
   * Makes the stores of this range durable in the smallest failure domain. They then survive even
   * the loss of memory controller queues and battery-backed caches. It is a system call, for rare
   * stores that may never be lost. Source: pmem_deep_persist(3).
   *
   * @throws PmemException if the range cannot be made durable that far
   */
  default void deepPersist(long offset, long length) {
    persist(offset, length);
  }

  /**
   * Stores an aligned eight-byte value with release order and persists it, as the commit point of
   * earlier durable stores. Readers with acquire order that see the value see all earlier stores.
   * They may see it shortly before it is durable.
   *
   * @throws PmemException if the value cannot be made durable
   */
  void publishLong(long offset, long value);

  /**
   * Replaces an aligned eight-byte value if it is {@code expected}, and persists the new one as
   * {@link #publishLong} does. The comparison and the store are one atomic step with the order of
   * volatile accesses.
   *
   * <p>After {@code false} the value found need not be durable yet. A caller that depends on it
   * persists it first.
   *
   * @return true if {@code value} was stored
   * @throws PmemException if it was stored and cannot be made durable
   */
  boolean compareAndPublish(long offset, long expected, long value);

  /**
   * Returns an aligned eight-byte value with acquire order. A reader of a value of {@link
   * #publishLong} sees all stores before it. The value need not be durable yet.
   */
  long getLongAcquire(long offset);

  /** Returns one byte; checked as {@link #getLong} is. */
  default byte getByte(long offset) {
    return segment().get(ValueLayout.JAVA_BYTE, offset);
  }

  /** Returns two bytes, little-endian; {@code offset} is a multiple of 2; checked. */
  default short getShort(long offset) {
    return segment().get(LittleEndian.SHORT, offset);
  }

  /** Returns four bytes, little-endian; {@code offset} is a multiple of 4; checked. */
  default int getInt(long offset) {
    return segment().get(LittleEndian.INT, offset);
  }

  /**
   * Returns eight bytes, little-endian; {@code offset} is a multiple of 8. A {@link PmemRegion}
   * checks the load: it throws {@link PmemMediaException} if there is no memory behind the address.
   */
  default long getLong(long offset) {
    return segment().get(LittleEndian.LONG, offset);
  }

  /** Returns a {@code float} whose bits are those of {@link #getInt}. */
  default float getFloat(long offset) {
    return Float.intBitsToFloat(getInt(offset));
  }

  /** Returns a {@code double} whose bits are those of {@link #getLong}. */
  default double getDouble(long offset) {
    return Double.longBitsToDouble(getLong(offset));
  }

  /**
   * Fills {@code target} from this memory. A {@link PmemRegion} checks the loads: it throws {@link
   * PmemMediaException} if there is no memory behind a part of the range. The content of {@code
   * target} is then undefined.
   */
  default void read(long offset, byte[] target) {
    read(offset, target, 0, target.length);
  }

  /** Copies {@code length} bytes out of this memory; checked as {@link #read(long, byte[])} is. */
  default void read(long offset, byte[] target, int targetOffset, int length) {
    MemorySegment.copy(segment(), ValueLayout.JAVA_BYTE, offset, target, targetOffset, length);
  }

  /** Copies {@code length} bytes out of this memory; checked as {@link #read(long, byte[])} is. */
  default void read(long offset, MemorySegment target, long targetOffset, long length) {
    MemorySegment.copy(segment(), offset, target, targetOffset, length);
  }

  /**
   * Copies out of this memory into the buffer, from its position to its limit, and moves the
   * position to the limit. It is checked as {@link #read(long, byte[])} is. After an exception the
   * position is unchanged.
   */
  default void read(long offset, ByteBuffer target) {
    MemorySegment part = MemorySegment.ofBuffer(target);
    read(offset, part, 0, part.byteSize());
    target.position(target.limit());
  }

  /**
   * Returns the CRC-32C of a range, equal to {@link CRC32C} over the same bytes, for recovery of
   * checked records. It loads as {@link #read(long, byte[])} does. In contrast, {@code
   * CRC32C.update} over the segment's buffer ends the JVM if the file was truncated.
   *
   * @return 0 to 2^32 - 1
   */
  default long crc32c(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, byteSize());
    CRC32C sum = new CRC32C();
    byte[] piece = new byte[(int) Math.min(length, 8192)];
    for (long done = 0; done < length; done += piece.length) {
      int now = (int) Math.min(piece.length, length - done);
      read(offset + done, piece, 0, now);
      sum.update(piece, 0, now);
    }
    return sum.getValue();
  }

  /**
   * Returns a part of this memory as memory with the same lifetime.
   *
   * @param offset bytes, a multiple of 8, so that natural alignment is the same in both
   * @param length bytes
   * @throws IllegalArgumentException if the offset is not a multiple of 8
   */
  PersistentMemory slice(long offset, long length);
}
