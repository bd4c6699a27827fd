// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** One of the two copies of a cell's value. */
final class CellCopy {
  /** The text "p4jDCel1" in the order of the bytes. */
  static final long MAGIC = 0x316c6543446a3470L;

  static final int VERSION = 1;
  static final int HEADER_BYTES = 32;
  static final int UNIT = 4096;

  private static final int UNSET = -1;
  private static final int CRC = 12;
  private static final int CHECKED = 16;

  /** The number of the change; the newer valid copy counts. */
  final long sequence;

  /** The value; null if none was ever set. */
  final byte @Nullable [] value;

  CellCopy(long sequence, byte @Nullable [] value) {
    this.sequence = sequence;
    this.value = value;
  }

  /**
   * Stores the copy and makes it durable by one persist.
   *
   * @param room bytes of each copy, a multiple of {@link #UNIT}
   */
  void write(PersistentMemory memory, long at, long room) {
    int length = value == null ? 0 : value.length;
    ByteBuffer to = ByteBuffer.allocate(HEADER_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    to.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(sequence);
    to.putInt(value == null ? UNSET : length).putInt(units(room));
    if (value != null) {
      to.put(value);
    }
    byte[] copy = to.array();
    to.putInt(CRC, checksum(copy));
    memory.copy(at, copy, 0, copy.length);
    memory.persist(at, copy.length);
  }

  static int units(long room) {
    return Math.toIntExact(room / UNIT);
  }

  private static int checksum(byte[] copy) {
    CRC32C sum = new CRC32C();
    sum.update(copy, 0, CRC);
    sum.update(copy, CHECKED, copy.length - CHECKED);
    return (int) sum.getValue();
  }

  /**
   * Returns a copy, or null if it is damaged.
   *
   * @throws DurableFormatException if it is of another version or of a memory of another size
   */
  static @Nullable CellCopy read(PersistentMemory memory, long at, long room) {
    try {
      long bytes = Integer.toUnsignedLong(memory.getInt(at + 24));
      boolean set = bytes != Integer.toUnsignedLong(UNSET);
      if (memory.getLong(at) != MAGIC || (set && bytes > room - HEADER_BYTES)) {
        return null;
      }
      byte[] copy = new byte[HEADER_BYTES + (set ? (int) bytes : 0)];
      memory.read(at, copy);
      ByteBuffer from = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
      if (from.getInt(CRC) != checksum(copy)) {
        return null;
      }
      if (from.getInt(8) != VERSION) {
        throw new DurableFormatException(
            "cell of version "
                + from.getInt(8)
                + ", expected "
                + VERSION
                + "; a newer library wrote it");
      }
      if (from.getInt(28) != units(room)) {
        throw new DurableFormatException(
            "the copies of the cell have "
                + (long) UNIT * from.getInt(28)
                + " bytes, the memory has"
                + " room for "
                + room
                + ": it was cut short or enlarged");
      }
      byte[] value = set ? java.util.Arrays.copyOfRange(copy, HEADER_BYTES, copy.length) : null;
      return new CellCopy(from.getLong(CHECKED), value);
    } catch (PmemMediaException poisoned) {
      return null;
    }
  }
}
