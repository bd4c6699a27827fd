// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Memory whose stores can be made durable. This is the one write path: everything above stores
 * through these methods, so that recording, crash simulation and scheduling are decorators and need
 * no second implementation.
 *
 * <p><b>Units and ranges.</b> Offsets and lengths are bytes from the start of this memory, checked
 * without overflow: a range outside is an {@link IndexOutOfBoundsException} and changes nothing.
 * Values are little-endian. Multi-byte values lie on their natural alignment, or the call is an
 * {@link IllegalArgumentException}; that is what makes them appear whole or not at all after a
 * crash.
 *
 * <p><b>Durability.</b> A store is visible at once and durable after a later {@link #persist}, or
 * {@link #flush} and then {@link #drain}, of its range has returned. It may become durable earlier.
 * After a crash, of the stores not yet durable any subset may be there, in aligned units of 8
 * bytes.
 *
 * <p><b>Threads.</b> Any thread may call any method (if the arena of the mapping allows it);
 * ordering between stores of different threads is the caller's, as for any memory.
 *
 * <p><b>Lifetime.</b> Once the arena of the mapping is closed every method but {@link #byteSize}
 * and {@link #granularity} throws {@link IllegalStateException}. From a thread that does not own a
 * confined arena they throw {@link WrongThreadException}.
 *
 * <p>Stores to memory mapped read-only are {@link IllegalArgumentException}s.
 */
public interface PersistentMemory {

  /** The size in bytes; fixed. */
  long byteSize();

  /** The unit in which stores become durable here; fixed. */
  Granularity granularity();

  /**
   * The memory, read-only: loads go through it with VarHandles, and a store through it throws. On a
   * file that another process truncates, a load beyond the new end is an {@link InternalError};
   * {@link PmemRegion} has checked loads for bytes nobody vouches for.
   */
  MemorySegment segment();

  /** Stores one byte. */
  void putByte(long offset, byte value);

  /** Stores two bytes, little-endian; {@code offset} is a multiple of 2. */
  void putShort(long offset, short value);

  /** Stores four bytes, little-endian; {@code offset} is a multiple of 4. */
  void putInt(long offset, int value);

  /** Stores eight bytes, little-endian; {@code offset} is a multiple of 8. */
  void putLong(long offset, long value);

  /**
   * Copies {@code length} bytes from {@code source} with plain stores. Not atomic in any unit; the
   * source may be a heap segment, or overlap.
   */
  void copy(long offset, MemorySegment source, long sourceOffset, long length);

  /** Copies {@code length} bytes from an array with plain stores. Not atomic in any unit. */
  void copy(long offset, byte[] source, int sourceOffset, int length);

  /** Stores {@code value} into each byte of the range, with plain stores. */
  void fill(long offset, long length, byte value);

  /**
   * Copies {@code length} bytes from {@code source} and starts to make them durable: as {@link
   * #copy(long, MemorySegment, long, long)} and {@link #flush}, but possibly with stores that go
   * around the caches. Not atomic in any unit. Nothing is staged in between.
   *
   * @throws PmemException if the range cannot be made durable
   */
  default void write(
      long offset, MemorySegment source, long sourceOffset, long length, Caching how) {
    Objects.requireNonNull(how);
    copy(offset, source, sourceOffset, length);
    flush(offset, length);
  }

  /** As {@link #write(long, MemorySegment, long, long, Caching)}, from an array. */
  default void write(long offset, byte[] source, int sourceOffset, int length, Caching how) {
    Objects.requireNonNull(how);
    copy(offset, source, sourceOffset, length);
    flush(offset, length);
  }

  /**
   * Stores {@code value} into each byte of the range and starts to make that durable: as {@link
   * #fill} and {@link #flush}.
   *
   * @throws PmemException if the range cannot be made durable
   */
  default void writeFill(long offset, long length, byte value, Caching how) {
    Objects.requireNonNull(how);
    fill(offset, length, value);
    flush(offset, length);
  }

  /**
   * Starts to make the stores of this range durable; complete after the next {@link #drain} by this
   * thread. Where there is nothing to start (at {@link Granularity#PAGE}) it does the work at once.
   *
   * @throws PmemException if the range cannot be made durable
   */
  void flush(long offset, long length);

  /** Waits until everything this thread has flushed is durable. */
  void drain();

  /**
   * Makes the stores of this range durable: they are when it returns. As {@link #flush} and {@link
   * #drain}.
   *
   * @throws PmemException if the range cannot be made durable
   */
  void persist(long offset, long length);

  /**
   * As {@link #persist}, and further: into the smallest failure domain there is, where even the
   * loss of what platforms promise to save (the queues of the memory controller, caches with a
   * battery) loses nothing. A system call; for the rare store that may never be lost. Source:
   * pmem_deep_persist(3).
   *
   * @throws PmemException if the range cannot be made durable that far
   */
  default void deepPersist(long offset, long length) {
    persist(offset, length);
  }

  /**
   * Stores an aligned eight-byte value with release order and persists it: the commit point of what
   * was made durable before. Readers with acquire order that see the value see all earlier stores.
   * They may see it shortly before it is durable.
   *
   * @throws PmemException if the value cannot be made durable
   */
  void publishLong(long offset, long value);

  /**
   * Where an aligned eight-byte value is {@code expected}, stores {@code value} and persists it, as
   * {@link #publishLong} does; else does nothing. The comparison and the store are one atomic step
   * with the order of volatile accesses.
   *
   * <p>After {@code false} the value that was found need not be durable yet: its publisher is still
   * at it. Who builds on it persists it first.
   *
   * @return whether {@code value} was stored
   * @throws PmemException if it was stored and cannot be made durable
   */
  boolean compareAndPublish(long offset, long expected, long value);

  /**
   * An aligned eight-byte value with acquire order: who sees what {@link #publishLong} stored sees
   * all that was stored before. It need not be durable yet.
   */
  long getLongAcquire(long offset);

  /**
   * Copies all of {@code target} out of this memory. A checked load in a {@link PmemRegion}: where
   * there is no memory behind a part of the range it throws {@link PmemMediaException}, and {@code
   * target} then holds anything.
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
   * Copies out of this memory into the buffer, from its position to its limit, which becomes its
   * position; checked as {@link #read(long, byte[])} is. After an exception the position is as
   * before.
   */
  default void read(long offset, ByteBuffer target) {
    MemorySegment part = MemorySegment.ofBuffer(target);
    read(offset, part, 0, part.byteSize());
    target.position(target.limit());
  }

  /**
   * Returns the CRC-32C of a range, as {@link CRC32C} over the same bytes has it: for records that
   * are checked when they are recovered. It loads as {@link #read(long, byte[])} does; {@code
   * CRC32C.update} over the segment's buffer ends the JVM where a file was truncated.
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
   * A part of this memory as memory of its own, in the same lifetime.
   *
   * @param offset a multiple of 8, so that natural alignment is the same in both
   * @throws IllegalArgumentException if it is not
   */
  PersistentMemory slice(long offset, long length);
}
