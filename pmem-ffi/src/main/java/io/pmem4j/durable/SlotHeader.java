// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The header of a slot store: two equal copies on pages of their own, written once.
 *
 * @param id of the store, random, part of each record's checksum
 * @param slotBytes the largest size of a record
 * @param slots their number
 */
record SlotHeader(long id, int slotBytes, int slots) {
  /** The text "p4jSlot1" in the order of the bytes. */
  static final TwinHeader TWIN = new TwinHeader("store", 0x31746f6c536a3470L);

  static final int BYTES = 32;
  static final int RECORD_BYTES = 16;

  private static final int LINE_BYTES = 64;

  static SlotHeader of(int slotBytes, int slots) {
    if (slotBytes < 1 || slots < 1 || slotBytes > Integer.MAX_VALUE - 2 * LINE_BYTES) {
      throw new IllegalArgumentException(slots + " slots of " + slotBytes + " bytes");
    }
    return new SlotHeader(new SplittableRandom().nextLong(), slotBytes, slots);
  }

  /** Returns the distance of two slots, a multiple of a line. */
  long stride() {
    return ((long) RECORD_BYTES + slotBytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
  }

  long at(int slot) {
    return 2 * TwinHeader.COPY_BYTES + slot * stride();
  }

  long bytes() {
    return 2 * TwinHeader.COPY_BYTES + slots * stride();
  }

  /**
   * Returns the header in the memory, and writes it if the memory is all zeros.
   *
   * @param wanted the sizes that the caller expects
   */
  static SlotHeader find(PersistentMemory memory, SlotHeader wanted) {
    if (memory.byteSize() < wanted.bytes()) {
      throw new DurableFormatException(
          memory.byteSize() + " bytes are too short, expected " + wanted.bytes());
    }
    SlotHeader one = read(memory, 0);
    SlotHeader other = read(memory, TwinHeader.COPY_BYTES);
    SlotHeader found = one == null ? other : one;
    if (found == null) {
      TWIN.checkNew(
          memory,
          TwinHeader.COPY_BYTES,
          0,
          BYTES,
          () -> memory.getLong(0) == 0 || memory.getLong(0) == TWIN.magic());
      found = wanted;
    }
    if (found.slotBytes != wanted.slotBytes || found.slots != wanted.slots) {
      throw new DurableFormatException(
          "the store has "
              + found.slots
              + " slots of "
              + found.slotBytes
              + " bytes, expected "
              + wanted.slots
              + " of "
              + wanted.slotBytes);
    }
    if (one == null) {
      found.write(memory, 0, other != null);
    }
    if (other == null) {
      found.write(memory, TwinHeader.COPY_BYTES, one != null);
    }
    return found;
  }

  /**
   * Writes a copy.
   *
   * @param spare true if the other copy is enough, should this one have no memory
   */
  private void write(PersistentMemory memory, long at, boolean spare) {
    try {
      write(memory, at);
    } catch (PmemMediaException poisoned) {
      if (!spare) {
        throw poisoned;
      }
    }
  }

  private void write(PersistentMemory memory, long at) {
    TWIN.write(memory, at, TWIN.fields(BYTES).putLong(id).putInt(slotBytes).putInt(slots));
  }

  private static @Nullable SlotHeader read(PersistentMemory memory, long at) {
    ByteBuffer from = TWIN.read(memory, at, BYTES);
    return from == null ? null : new SlotHeader(from.getLong(), from.getInt(), from.getInt());
  }
}
