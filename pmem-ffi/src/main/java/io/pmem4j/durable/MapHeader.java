// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The first two pages of a map. Each has one of two equal copies of the header, written once, and a
 * slot for the root of every other commit. Beside a slot is the number of the latest commit that
 * was known to be durable.
 */
final class MapHeader {
  /** The text "p4jDMap1" in the order of the bytes. */
  static final TwinHeader TWIN = new TwinHeader("map", 0x3170614d446a3470L);

  static final int BYTES = 32;

  /** The first page that holds a part of the tree. */
  static final int FIRST_PAGE = 2;

  private static final int ROOT_AT = 512;
  private static final int CONFIRMED_AT = 1024;

  private MapHeader() {}

  /** Returns the place of the root of a commit. */
  static long rootAt(long sequence) {
    return (sequence & 1) * MapPage.SIZE + ROOT_AT;
  }

  /** Returns the place where a commit is confirmed: not on the page of its root. */
  static long confirmedAt(long sequence) {
    return (~sequence & 1) * MapPage.SIZE + CONFIRMED_AT;
  }

  /** Returns a word that says that a commit is durable. */
  static long confirmation(long id, long sequence) {
    ByteBuffer both = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    both.putLong(id).putLong(sequence);
    CRC32C sum = new CRC32C();
    sum.update(both.array(), 0, both.capacity());
    return sum.getValue() << 32 | (sequence & 0xffff_ffffL);
  }

  /**
   * Returns true if the word beside a slot confirms a commit.
   *
   * @throws PmemMediaException if there is no memory behind it
   */
  static boolean confirms(PersistentMemory memory, long id, long sequence) {
    return memory.getLong(confirmedAt(sequence)) == confirmation(id, sequence);
  }

  /**
   * Returns the id of the map in the memory, and makes a map if the memory is all zeros.
   *
   * @param mayMake true if a map may be made
   */
  static long find(PersistentMemory memory, boolean mayMake) {
    if (memory.byteSize() < (FIRST_PAGE + 1) * MapPage.SIZE) {
      throw new DurableFormatException(
          memory.byteSize()
              + " bytes are too short for a map, expected at least "
              + (FIRST_PAGE + 1) * MapPage.SIZE);
    }
    Long one = read(memory, 0);
    Long other = read(memory, MapPage.SIZE);
    if (one == null && other == null) {
      long magic = memory.getLong(0);
      TWIN.checkNew(memory, MapPage.SIZE, 0, BYTES, () -> magic == 0 || magic == TWIN.magic());
      if (!mayMake) {
        throw new DurableFormatException("zeros are no map; openOrCreate makes one");
      }
      long id = new SplittableRandom().nextLong();
      write(memory, 0, id);
      write(memory, MapPage.SIZE, id);
      return id;
    }
    if (one != null && other != null && !one.equals(other)) {
      throw new DurableCorruptionException("the copies of the header name two maps", -1);
    }
    return Objects.requireNonNull(one == null ? other : one);
  }

  /** Writes the copy of the header that is not whole, if there is one. */
  static void mend(PersistentMemory memory, long id) {
    for (long at = 0; at <= MapPage.SIZE; at += MapPage.SIZE) {
      if (read(memory, at) == null) {
        write(memory, at, id);
      }
    }
  }

  private static void write(PersistentMemory memory, long at, long id) {
    TWIN.write(memory, at, TWIN.fields(BYTES).putLong(id).putInt(MapPage.SIZE));
  }

  private static @Nullable Long read(PersistentMemory memory, long at) {
    ByteBuffer from = TWIN.read(memory, at, BYTES);
    if (from == null) {
      return null;
    }
    long id = from.getLong();
    int page = from.getInt();
    if (page != MapPage.SIZE) {
      throw new DurableFormatException(
          "map with pages of " + page + " bytes, expected " + MapPage.SIZE);
    }
    return id;
  }
}
