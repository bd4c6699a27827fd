// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The header of a log, of which there are two copies on pages of their own. A change writes one
 * copy durably and then the other, so that one is whole at any moment.
 *
 * @param sequence of the change; the newer valid copy counts
 * @param id of the log, random, part of each record's checksum
 * @param capacity bytes of the ring of records
 * @param head the position of the first record
 * @param epoch the number of times the log was opened
 * @param headEpoch the least epoch of the record at the head
 */
record LogHeader(long sequence, long id, long capacity, long head, int epoch, int headEpoch) {
  /** The text "p4jDLog1" in the order of the bytes. */
  static final TwinHeader TWIN = new TwinHeader("log", 0x31676f4c446a3470L);

  static final int BYTES = 64;

  /** The start of the ring. */
  static final int RING = 2 * TwinHeader.COPY_BYTES;

  /** Makes both copies durable, the older one first. */
  void write(PersistentMemory memory) {
    int first = sequence % 2 == 0 ? 0 : TwinHeader.COPY_BYTES;
    for (int at : new int[] {first, TwinHeader.COPY_BYTES - first}) {
      ByteBuffer to = TWIN.fields(BYTES);
      to.putLong(sequence).putLong(id).putLong(capacity).putLong(head);
      TWIN.write(memory, at, to.putInt(epoch).putInt(headEpoch));
    }
  }

  /** Returns a copy of the header, or null if it is damaged. */
  static @Nullable LogHeader read(PersistentMemory memory, int at) {
    ByteBuffer from = TWIN.read(memory, at, BYTES);
    if (from == null) {
      return null;
    }
    return new LogHeader(
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getLong(),
        from.getInt(),
        from.getInt());
  }

  /**
   * The two copies.
   *
   * @param newer the newer whole one, or that of a new log
   * @param damaged true if one copy is whole and the other is not
   */
  record Copies(LogHeader newer, boolean damaged) {}

  /**
   * Returns the header of a log, or of a new one if the memory is all zeros.
   *
   * @param capacity of a new one; 0 if none is to be made
   */
  static Copies find(PersistentMemory memory, long capacity) {
    long room = memory.byteSize() - RING;
    if (room < DurableLog.CAPACITY_UNIT) {
      throw new DurableFormatException(
          memory.byteSize()
              + " bytes are too short for a log, expected at least "
              + (RING + DurableLog.CAPACITY_UNIT));
    }
    LogHeader one = read(memory, 0);
    LogHeader other = read(memory, TwinHeader.COPY_BYTES);
    boolean damaged = (one == null) != (other == null);
    LogHeader newer =
        one == null || (other != null && other.sequence() > one.sequence()) ? other : one;
    if (newer == null) {
      int first = TwinHeader.COPY_BYTES;
      TWIN.checkNew(memory, first, first, BYTES, () -> isTorn(memory, first));
      if (capacity == 0) {
        throw new DurableFormatException("zeros are no log; openOrCreate makes one");
      }
      newer = new LogHeader(0, new SplittableRandom().nextLong(), capacity, 0, 0, 0);
    }
    if (newer.capacity() < DurableLog.CAPACITY_UNIT || newer.capacity() > room) {
      throw new DurableFormatException(
          "the log has "
              + newer.capacity()
              + " bytes of records and the memory room for "
              + room
              + ": it was cut short");
    }
    return new Copies(newer, damaged);
  }

  /** Returns true if each word of this copy is zero or may be one of a new log's first copy. */
  private static boolean isTorn(PersistentMemory memory, long at) {
    long magic = memory.getLong(at);
    long sequence = memory.getLong(at + 16);
    long epochs = memory.getLong(at + 48);
    return (magic == 0 || magic == TWIN.magic())
        && (sequence == 0 || sequence == 1)
        && memory.getLong(at + 40) == 0
        && (epochs == 0 || epochs == 0x1_0000_0001L)
        && memory.getLong(at + 56) == 0;
  }
}
