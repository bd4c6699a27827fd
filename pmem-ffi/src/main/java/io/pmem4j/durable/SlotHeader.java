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
 * The header of a slot store: two equal copies on pages of their own, written once.
 *
 * @param id of the store, random, part of each record's checksum
 * @param slotBytes the largest size of a record
 * @param slots their number
 */
record SlotHeader(long id, int slotBytes, int slots) {
  /** The text "p4jSlot1" in the order of the bytes. */
  static final long MAGIC = 0x31746f6c536a3470L;

  static final int VERSION = 1;
  static final int BYTES = 32;
  static final int COPY_BYTES = 4096;
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
    return 2 * COPY_BYTES + slot * stride();
  }

  long bytes() {
    return 2 * COPY_BYTES + slots * stride();
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
    SlotHeader other = read(memory, COPY_BYTES);
    SlotHeader found = one == null ? other : one;
    if (found == null) {
      checkZeros(memory);
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
      found.write(memory, 0);
    }
    if (other == null) {
      found.write(memory, COPY_BYTES);
    }
    return found;
  }

  private void write(PersistentMemory memory, long at) {
    ByteBuffer to = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    to.putLong(MAGIC).putInt(VERSION).putInt(0).putLong(id).putInt(slotBytes).putInt(slots);
    to.putInt(12, checksum(to.array()));
    memory.copy(at, to.array(), 0, BYTES);
    memory.persist(at, BYTES);
  }

  private static int checksum(byte[] copy) {
    CRC32C sum = new CRC32C();
    sum.update(copy, 0, 12);
    sum.update(copy, 16, BYTES - 16);
    return (int) sum.getValue();
  }

  private static @Nullable SlotHeader read(PersistentMemory memory, long at) {
    byte[] copy = new byte[BYTES];
    try {
      memory.read(at, copy);
    } catch (PmemMediaException poisoned) {
      return null;
    }
    ByteBuffer from = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    if (from.getLong(0) != MAGIC || from.getInt(12) != checksum(copy)) {
      return null;
    }
    if (from.getInt(8) != VERSION) {
      throw new DurableFormatException(
          "store of version "
              + from.getInt(8)
              + ", expected "
              + VERSION
              + "; a newer library wrote it");
    }
    return new SlotHeader(from.getLong(16), from.getInt(24), from.getInt(28));
  }

  /** A new store is all zeros, or has a torn first copy of its header and nothing else. */
  private static void checkZeros(PersistentMemory memory) {
    byte[] page = new byte[COPY_BYTES];
    for (long at = 0; at < memory.byteSize(); at += COPY_BYTES) {
      int length = (int) Math.min(COPY_BYTES, memory.byteSize() - at);
      memory.read(at, page, 0, length);
      for (int i = 0; i < length; i++) {
        boolean torn =
            at == 0 && i < BYTES && (memory.getLong(0) == 0 || memory.getLong(0) == MAGIC);
        if (page[i] != 0 && !torn) {
          throw new DurableFormatException(
              "neither a store nor zeros: byte " + page[i] + " at offset " + (at + i));
        }
      }
    }
  }
}
