// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The common part of the headers of all structures. A header begins with a text that names the
 * format, the version, and a checksum of all but itself; the fields of the structure follow. There
 * are two copies on pages of their own. One is written after the other is durable, so that one is
 * whole at any moment.
 *
 * @param structure its name in messages
 * @param magic the text, in the order of the bytes
 */
record TwinHeader(String structure, long magic) {
  /** The distance of the two copies of a structure whose header has a fixed size. */
  static final int COPY_BYTES = 4096;

  static final int VERSION = 1;

  private static final int CRC_AT = 12;
  private static final int FIELDS_AT = 16;

  /**
   * Returns a copy to be filled, at the place of its first field.
   *
   * @param bytes of the whole copy
   */
  ByteBuffer fields(int bytes) {
    ByteBuffer copy = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return copy.putLong(magic).putInt(VERSION).putInt(0);
  }

  /** Completes a copy and makes it durable by one persist. */
  void write(PersistentMemory memory, long at, ByteBuffer copy) {
    byte[] bytes = new byte[copy.capacity()];
    copy.get(0, bytes);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(CRC_AT, checksum(bytes));
    memory.copy(at, bytes, 0, bytes.length);
    memory.persist(at, bytes.length);
  }

  private static int checksum(byte[] copy) {
    CRC32C sum = new CRC32C();
    sum.update(copy, 0, CRC_AT);
    sum.update(copy, FIELDS_AT, copy.length - FIELDS_AT);
    return (int) sum.getValue();
  }

  /**
   * Returns a copy at the place of its first field, or null if it is damaged or has no memory.
   *
   * @throws DurableFormatException if it is whole and of another version
   */
  @Nullable ByteBuffer read(PersistentMemory memory, long at, int bytes) {
    byte[] copy = new byte[bytes];
    try {
      memory.read(at, copy);
    } catch (PmemMediaException poisoned) {
      return null;
    }
    ByteBuffer from = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
    if (from.getLong(0) != magic || from.getInt(CRC_AT) != checksum(copy)) {
      return null;
    }
    if (from.getInt(8) != VERSION) {
      throw new DurableFormatException(
          structure
              + " of version "
              + from.getInt(8)
              + ", expected "
              + VERSION
              + "; a newer library wrote it");
    }
    return from.position(FIELDS_AT);
  }

  /**
   * Checks that a memory without a whole copy is a new one: all zeros, or with the first copy torn
   * that is written to a new one and nothing else.
   *
   * @param other the place of the second copy; the first one is at 0
   * @param tornAt the place of the copy that is written first
   * @param bytes of that copy
   * @param mayBeTorn true if all bytes of that copy may be those of a new memory
   * @throws DurableCorruptionException if both copies are damaged
   * @throws DurableFormatException if it is something else
   */
  void checkNew(
      PersistentMemory memory, long other, long tornAt, int bytes, BooleanSupplier mayBeTorn) {
    byte[] page = new byte[COPY_BYTES];
    byte[] zeros = new byte[COPY_BYTES];
    for (long at = 0; at < memory.byteSize(); at += page.length) {
      int length = (int) Math.min(page.length, memory.byteSize() - at);
      memory.read(at, page, 0, length);
      for (int i = Arrays.mismatch(page, zeros); i >= 0 && i < length; i++) {
        boolean isTorn = at + i >= tornAt && at + i < tornAt + bytes && mayBeTorn.getAsBoolean();
        if (page[i] != 0 && !isTorn) {
          throw refusal(memory, other, page[i], at + i);
        }
      }
    }
  }

  private RuntimeException refusal(PersistentMemory memory, long other, byte found, long at) {
    if (memory.getLong(0) == magic || memory.getLong(other) == magic) {
      return new DurableCorruptionException(
          "both copies of the header of the " + structure + " are damaged", -1);
    }
    return new DurableFormatException(
        "neither a " + structure + " nor zeros: byte " + found + " at offset " + at);
  }
}
