// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
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
  static final long MAGIC = 0x31676f4c446a3470L;

  static final int VERSION = 1;
  static final int BYTES = 64;

  /** The distance of the two copies. */
  static final int COPY_BYTES = 4096;

  /** The start of the ring. */
  static final int RING = 2 * COPY_BYTES;

  private static final int CRC = 12;
  private static final int CHECKED = 16;

  byte[] bytes() {
    ByteBuffer to = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    to.putLong(MAGIC).putInt(VERSION).putInt(0);
    to.putLong(sequence).putLong(id).putLong(capacity).putLong(head);
    to.putInt(epoch).putInt(headEpoch);
    to.putInt(CRC, checksum(to.array()));
    return to.array();
  }

  private static int checksum(byte[] copy) {
    CRC32C sum = new CRC32C();
    sum.update(copy, 0, CRC);
    sum.update(copy, CHECKED, BYTES - CHECKED);
    return (int) sum.getValue();
  }

  /** Makes both copies durable, one after the other. */
  void write(PersistentMemory memory) {
    byte[] copy = bytes();
    int first = sequence % 2 == 0 ? 0 : COPY_BYTES; // the older one
    for (int at : new int[] {first, COPY_BYTES - first}) {
      memory.copy(at, copy, 0, BYTES);
      memory.persist(at, BYTES);
    }
  }

  /** Returns a copy of the header, or null if it is damaged. */
  static @Nullable LogHeader read(PersistentMemory memory, int at) {
    byte[] copy = new byte[BYTES];
    try {
      memory.read(at, copy);
    } catch (PmemMediaException poisoned) {
      return null;
    }
    ByteBuffer from = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    if (from.getLong(0) != MAGIC || from.getInt(CRC) != checksum(copy)) {
      return null;
    }
    if (from.getInt(8) != VERSION) {
      throw new DurableFormatException(
          "log of version "
              + from.getInt(8)
              + ", expected "
              + VERSION
              + "; a newer library wrote it");
    }
    from.position(CHECKED);
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
    LogHeader other = read(memory, COPY_BYTES);
    boolean damaged = (one == null) != (other == null);
    LogHeader newer =
        one == null || (other != null && other.sequence() > one.sequence()) ? other : one;
    if (newer == null) {
      checkZeros(memory);
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

  /** A new log is all zeros, or has a torn first copy of its header and nothing else. */
  private static void checkZeros(PersistentMemory memory) {
    byte[] page = new byte[COPY_BYTES];
    for (long at = 0; at < memory.byteSize(); at += page.length) {
      int length = (int) Math.min(page.length, memory.byteSize() - at);
      memory.read(at, page, 0, length);
      for (int i = 0; i < length; i++) {
        boolean torn = at == COPY_BYTES && i < BYTES && isTorn(memory, at);
        if (page[i] != 0 && !torn) {
          throw new DurableFormatException(
              "neither a log nor zeros: byte " + page[i] + " at offset " + (at + i));
        }
      }
    }
  }

  /** Returns true if each word of this copy is zero or may be one of a new log's first copy. */
  private static boolean isTorn(PersistentMemory memory, long at) {
    long magic = memory.getLong(at);
    long sequence = memory.getLong(at + 16);
    long epochs = memory.getLong(at + 48);
    return (magic == 0 || magic == MAGIC)
        && (sequence == 0 || sequence == 1)
        && memory.getLong(at + 40) == 0
        && (epochs == 0 || epochs == 0x1_0000_0001L)
        && memory.getLong(at + 56) == 0;
  }
}
