// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.volume.MetadataOrder;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.ValueLayout;

/**
 * The bitmap of a group, one block long, where it lies on the medium. Not synchronised: the group's
 * lock guards it.
 *
 * @param memory the whole file system
 * @param offset first byte
 */
record Bitmap(PersistentMemory memory, long offset) {

  boolean get(int bit) {
    return (unsignedByte(bit >> 3) >> (bit & 7) & 1) != 0;
  }

  /** Sets a bit; false if it was set. */
  boolean set(int bit) {
    if (get(bit)) {
      return false;
    }
    memory.putByte(offset + (bit >> 3), (byte) (unsignedByte(bit >> 3) | 1 << (bit & 7)));
    return true;
  }

  /** Clears a bit; false if it was clear. */
  boolean clear(int bit) {
    if (!get(bit)) {
      return false;
    }
    memory.putByte(offset + (bit >> 3), (byte) (unsignedByte(bit >> 3) & ~(1 << (bit & 7))));
    return true;
  }

  /** Flushes some bits, which the caller has set, where the order of metadata asks for it. */
  void flush(MetadataOrder order, int bit, int count) {
    int first = bit >> 3;
    order.flush(offset + first, ((bit + count - 1) >> 3) - first + 1L);
  }

  /** The first clear bit of [from, end), or {@code end}. */
  int nextZero(int from, int end) {
    int bit = from;
    while (bit < end) {
      if ((bit & 7) == 0 && unsignedByte(bit >> 3) == 0xff) {
        bit += 8;
      } else if (get(bit)) {
        bit++;
      } else {
        return bit;
      }
    }
    return end;
  }

  /**
   * The first bit of the first byte that is all clear, for bits of [0, end); {@code end} if none.
   */
  int firstZeroByte(int end) {
    int bytes = (end + 7) >> 3;
    for (int i = 0; i < bytes; i++) {
      if (unsignedByte(i) == 0) {
        return i << 3;
      }
    }
    return end;
  }

  /**
   * {@code find_next_usable_block}: a clear bit of [from, end), or {@code end}. Near the beginning
   * any will do; further on one at the beginning of a clear byte is preferred.
   */
  int nextUsable(int from, int end) {
    if (from > 0) {
      int near = Math.min((from + 63) & ~63, end);
      int bit = nextZero(from, near);
      if (bit < near) {
        return bit;
      }
    }
    for (int i = from >> 3; i << 3 < end; i++) {
      if (unsignedByte(i) == 0) {
        return i << 3 >= from ? i << 3 : nextZero(from, end);
      }
    }
    return nextZero(from, end);
  }

  private int unsignedByte(int index) {
    return Byte.toUnsignedInt(memory.segment().get(ValueLayout.JAVA_BYTE, offset + index));
  }
}
