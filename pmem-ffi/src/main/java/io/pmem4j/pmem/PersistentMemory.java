// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;

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
   * Stores an aligned eight-byte value with release order and persists it: the commit point of what
   * was made durable before. Readers with acquire order that see the value see all earlier stores.
   * They may see it shortly before it is durable.
   *
   * @throws PmemException if the value cannot be made durable
   */
  void publishLong(long offset, long value);

  /**
   * A part of this memory as memory of its own, in the same lifetime.
   *
   * @param offset a multiple of 8, so that natural alignment is the same in both
   * @throws IllegalArgumentException if it is not
   */
  PersistentMemory slice(long offset, long length);
}
