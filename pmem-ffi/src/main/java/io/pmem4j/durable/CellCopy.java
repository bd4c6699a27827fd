// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One of the two copies of a cell's value. */
final class CellCopy {
  /** The text "p4jDCel1" in the order of the bytes. */
  static final TwinHeader TWIN = new TwinHeader("cell", 0x316c6543446a3470L);

  static final int HEADER_BYTES = 32;
  static final int UNIT = 4096;

  private static final int UNSET = -1;

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
    ByteBuffer to = TWIN.fields(HEADER_BYTES + length).putLong(sequence);
    to.putInt(value == null ? UNSET : length).putInt(units(room));
    if (value != null) {
      to.put(value);
    }
    TWIN.write(memory, at, to);
  }

  static int units(long room) {
    return Math.toIntExact(room / UNIT);
  }

  /**
   * Returns a copy, or null if it is damaged.
   *
   * @throws DurableFormatException if it is of another version or of a memory of another size
   */
  static @Nullable CellCopy read(PersistentMemory memory, long at, long room) {
    long bytes;
    try {
      bytes = Integer.toUnsignedLong(memory.getInt(at + 24));
    } catch (PmemMediaException poisoned) {
      return null;
    }
    boolean set = bytes != Integer.toUnsignedLong(UNSET);
    if (set && bytes > room - HEADER_BYTES) {
      return null;
    }
    ByteBuffer from = TWIN.read(memory, at, HEADER_BYTES + (set ? (int) bytes : 0));
    if (from == null) {
      return null;
    }
    if (from.getInt(28) != units(room)) {
      throw new DurableFormatException(
          "the copies of the cell have "
              + (long) UNIT * from.getInt(28)
              + " bytes, the memory has room for "
              + room
              + ": it was cut short or enlarged");
    }
    byte[] value = null;
    if (set) {
      value = new byte[(int) bytes];
      from.get(HEADER_BYTES, value);
    }
    return new CellCopy(from.getLong(), value);
  }
}
