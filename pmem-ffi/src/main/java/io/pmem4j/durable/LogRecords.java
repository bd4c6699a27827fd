// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemMediaException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The records in the ring of a log. A record is a header of 16 bytes and the payload, and begins at
 * a multiple of 16. Its checksum covers the id of the log and its position, so that neither the
 * records of another log nor those of an earlier lap are valid. Not thread-safe.
 */
final class LogRecords {
  static final int HEADER_BYTES = 16;
  static final int ALIGNMENT = 16;

  /** The bit of the length that marks the unused bytes before the end of the ring. */
  private static final int FILLER = 1 << 31;

  /** The bytes before the record in the buffer: id and position, which only the checksum has. */
  private static final int PREFIX = 16;

  /** The zeros that the scan of a large ring skips at once. */
  private static final int PIECE = 64 << 10;

  private static final byte[] ZEROS = new byte[PIECE];

  private static final int EPOCH_AT = PREFIX + 8;
  private static final int UNSYNCED_AT = PREFIX + 12;
  private static final int PAYLOAD_AT = PREFIX + HEADER_BYTES;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final PersistentMemory memory;
  private final long id;
  private final long capacity;
  private final CRC32C sum = new CRC32C();
  private final Lap lap; // of what is added and read

  /** The lap of what is made durable, by another thread than the one that adds. */
  private final Lap persisted;

  private byte[] buffer = new byte[PAYLOAD_AT + 256];

  LogRecords(PersistentMemory memory, long id, long capacity) {
    this.memory = memory;
    this.id = id;
    this.capacity = capacity;
    this.lap = new Lap(capacity);
    this.persisted = new Lap(capacity);
  }

  /** Turns positions into places in the ring. Most are in one lap, so that it divides rarely. */
  private static final class Lap {
    private final long capacity;
    private long start;

    Lap(long capacity) {
      this.capacity = capacity;
    }

    /** Returns the distance of a position from the start of the ring. */
    long place(long position) {
      long place = position - start;
      if (place < 0 || place >= capacity) {
        start = position / capacity * capacity;
        place = position - start;
      }
      return place;
    }
  }

  /** A record that was found. */
  static final class Found {
    /** The payload; null for a filler. */
    final byte @Nullable [] payload;

    /** The bytes of the record with its header and padding. */
    final long size;

    final int epoch;

    /** The bytes before this record that were not known to be durable when it was added. */
    final long unsynced;

    Found(byte @Nullable [] payload, long size, int epoch, long unsynced) {
      this.payload = payload;
      this.size = size;
      this.epoch = epoch;
      this.unsynced = unsynced;
    }
  }

  /** Returns the bytes that a record of this payload takes. */
  static long size(long payloadBytes) {
    return (HEADER_BYTES + payloadBytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Returns the bytes between a position and the end of the ring. */
  long lapLeft(long position) {
    return capacity - lap.place(position);
  }

  private long at(long position) {
    return LogHeader.RING + lap.place(position);
  }

  /** Stores a record; it is not durable. */
  void put(long position, MemorySegment source, long from, int length, int epoch, long unsynced) {
    byte[] record = room(length);
    MemorySegment.copy(source, ValueLayout.JAVA_BYTE, from, record, PAYLOAD_AT, length);
    store(position, record, length, length, epoch, unsynced);
  }

  /** Stores a record; it is not durable. */
  void put(long position, byte[] source, int from, int length, int epoch, long unsynced) {
    byte[] record = room(length);
    System.arraycopy(source, from, record, PAYLOAD_AT, length);
    store(position, record, length, length, epoch, unsynced);
  }

  /** Makes a range of records durable; may be called while another thread adds records. */
  void persist(long from, long to) {
    long place = persisted.place(from);
    long left = capacity - place;
    if (to - from <= left) {
      memory.persist(LogHeader.RING + place, to - from);
    } else {
      memory.flush(LogHeader.RING + place, left);
      memory.flush(LogHeader.RING, to - from - left);
      memory.drain();
    }
  }

  /** Stores the record that covers the rest of the lap; it is not durable. */
  void putFiller(long position, int epoch, long unsynced) {
    int length = (int) (lapLeft(position) - HEADER_BYTES);
    store(position, buffer, 0, FILLER | length, epoch, unsynced);
  }

  private byte[] room(int length) {
    if (buffer.length < PAYLOAD_AT + length) {
      buffer = new byte[PAYLOAD_AT + Math.max(length, Math.min(2 * length, 1 << 20))];
    }
    return buffer;
  }

  private void store(
      long position, byte[] record, int payload, int length, int epoch, long unsynced) {
    // Words of eight bytes: the checksum loads such words, and a load of two stores waits for both.
    LONG.set(record, PREFIX, (long) length << Integer.SIZE);
    long behind = Math.min(unsynced / ALIGNMENT, 0xffff_ffffL);
    LONG.set(record, EPOCH_AT, Integer.toUnsignedLong(epoch) | behind << Integer.SIZE);
    INT.set(record, PREFIX, checksum(record, position, payload));
    memory.copy(at(position), record, PREFIX, HEADER_BYTES + payload);
  }

  /** Returns the checksum of a record whose own field is 0. */
  private int checksum(byte[] record, long position, int payload) {
    LONG.set(record, 0, id);
    LONG.set(record, 8, position);
    sum.reset();
    sum.update(record, 0, PAYLOAD_AT + payload);
    return (int) sum.getValue();
  }

  /**
   * Returns the record at a position, or null if there is none that is whole.
   *
   * @param limit the position that the record must not reach past
   */
  @Nullable Found get(long position, long limit) {
    long left = Math.min(lapLeft(position), limit - position);
    if (left < HEADER_BYTES) {
      return null;
    }
    long at = at(position);
    int stored = memory.getInt(at);
    int length = memory.getInt(at + 4);
    boolean filler = length < 0;
    long bytes = length & ~FILLER;
    int epoch = memory.getInt(at + 8);
    if (epoch <= 0 || size(bytes) > left || (filler && size(bytes) != lapLeft(position))) {
      return null;
    }
    int payload = filler ? 0 : (int) bytes;
    byte[] record = room(payload);
    memory.read(at, record, PREFIX, HEADER_BYTES + payload);
    int found = (int) INT.get(record, PREFIX);
    INT.set(record, PREFIX, 0);
    if (found != stored || checksum(record, position, payload) != found) {
      return null;
    }
    long unsynced = ALIGNMENT * Integer.toUnsignedLong((int) INT.get(record, UNSYNCED_AT));
    byte[] copy = null;
    if (!filler) {
      copy = new byte[payload];
      System.arraycopy(record, PAYLOAD_AT, copy, 0, payload);
    }
    return new Found(copy, size(bytes), epoch, unsynced);
  }

  /**
   * Returns a record as {@link #get} does.
   *
   * @throws DurableCorruptionException if there is no memory behind it
   */
  @Nullable Found at(long position, long limit) {
    try {
      return get(position, limit);
    } catch (PmemMediaException poisoned) {
      throw new DurableCorruptionException(
          "no memory behind the record at position " + position + ": " + poisoned.getMessage(),
          position);
    }
  }

  /**
   * The whole records of a log.
   *
   * @param count their number, without fillers
   * @param end the position after the last one
   * @param epoch that of the last one
   */
  record Scan(long count, long end, int epoch) {}

  /**
   * Finds the records of a log that is opened.
   *
   * @throws DurableCorruptionException if a durable record is damaged
   */
  Scan scan(LogHeader header) {
    long count = 0;
    int last = header.headEpoch();
    long at = header.head();
    long limit = at + capacity;
    for (Found next = at(at, limit); next != null; next = at(at, limit)) {
      if (next.epoch < last) {
        break; // left over from before an earlier recovery
      }
      last = next.epoch;
      count += next.payload == null ? 0 : 1;
      at += next.size;
    }
    checkNothingDurableFollows(at, limit, last);
    return new Scan(count, at, last);
  }

  /** Throws if a later record says that the log was durable past its end. */
  private void checkNothingDurableFollows(long found, long limit, int last) {
    for (long at = found + ALIGNMENT; at < limit; at += ALIGNMENT) {
      while (at % PIECE == 0 && at < limit - PIECE && lapLeft(at) >= PIECE && isPieceOfZeros(at)) {
        at += PIECE;
      }
      Found later = following(at, limit, last);
      if (later != null && at - later.unsynced > found) {
        throw new DurableCorruptionException(
            "the record at position "
                + found
                + " is damaged: the one at "
                + at
                + " was added after it was durable",
            found);
      }
    }
  }

  /** Returns true if no record begins in the next piece: it is as a new file has it. */
  private boolean isPieceOfZeros(long position) {
    byte[] piece = room(PIECE);
    try {
      memory.read(at(position), piece, 0, PIECE);
    } catch (PmemMediaException poisoned) {
      return false;
    }
    return Arrays.equals(piece, 0, PIECE, ZEROS, 0, PIECE);
  }

  /** Returns a whole record of the last epoch or a later one, or null; none has no memory. */
  private @Nullable Found following(long position, long limit, int last) {
    try {
      int seen = memory.getInt(at(position) + 8);
      return seen < last || seen == 0 ? null : get(position, limit);
    } catch (PmemMediaException poisoned) {
      return null; // appends that get there are refused
    }
  }
}
