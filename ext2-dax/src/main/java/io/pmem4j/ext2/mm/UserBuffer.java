// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The source or target of a system call's copy: {@code struct iov_iter}. Copying may fault, under
 * the locks that the call holds. Belongs to the calling task.
 */
public interface UserBuffer {
  /** Returns the length in bytes. */
  int length();

  /**
   * {@code copy_from_iter}: from the buffer to memory, without flushing it.
   *
   * @param from offset in the buffer
   * @return bytes copied; fewer than asked where a program would have been killed
   */
  int copyFrom(int from, PersistentMemory memory, long address, int length);

  /**
   * As {@link #copyFrom(int, PersistentMemory, long, int)}, by units.
   *
   * @param unit 1, or 8 for words of 8 bytes, aligned in memory, after which one half word is
   *     tried: what is left before a byte that cannot be read is not copied
   */
  default int copyFrom(int from, PersistentMemory memory, long address, int length, int unit) {
    return copyFrom(from, memory, address, length);
  }

  /**
   * {@code copy_to_iter}: from memory to the buffer.
   *
   * @param to offset in the buffer
   * @return bytes copied; fewer than asked where a program would have been killed
   */
  int copyTo(int to, PersistentMemory memory, long address, int length);

  /**
   * {@code copy_from_iter} to a page in memory.
   *
   * @param from offset in the buffer
   * @param at offset in the target
   * @return bytes copied; fewer than asked where a program would have been killed
   */
  int load(int from, byte[] target, int at, int length);

  /**
   * {@code copy_to_iter} from a page in memory.
   *
   * @param to offset in the buffer
   * @param at offset in the source
   * @return bytes copied; fewer than asked where a program would have been killed
   */
  int store(int to, byte[] source, int at, int length);

  /**
   * {@code iov_iter_zero}: as {@link #copyTo}, zeros.
   *
   * @param unit bytes that are stored together or not at all: 1 or 8
   */
  int zero(int to, int length, int unit);

  /** Memory of the caller's, which never faults. */
  static UserBuffer of(byte[] bytes) {
    return new UserBuffer() {
      @Override
      public int length() {
        return bytes.length;
      }

      @Override
      public int copyFrom(int from, PersistentMemory memory, long address, int length) {
        memory.copy(address, bytes, from, length);
        return length;
      }

      @Override
      public int copyTo(int to, PersistentMemory memory, long address, int length) {
        MemorySegment.copy(memory.segment(), ValueLayout.JAVA_BYTE, address, bytes, to, length);
        return length;
      }

      @Override
      public int load(int from, byte[] target, int at, int length) {
        System.arraycopy(bytes, from, target, at, length);
        return length;
      }

      @Override
      public int store(int to, byte[] source, int at, int length) {
        System.arraycopy(source, at, bytes, to, length);
        return length;
      }

      @Override
      public int zero(int to, int length, int unit) {
        Arrays.fill(bytes, to, to + length, (byte) 0);
        return length;
      }
    };
  }
}
