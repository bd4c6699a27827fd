// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import org.jspecify.annotations.Nullable;

/**
 * A reader of a {@link DurableLog}. Each record's checksum is checked when it is read. Not
 * thread-safe; several readers may read at once, beside producers.
 */
public final class LogReader {
  private final DurableLog log;
  private final boolean unsynced;
  private long next;
  private long position = -1;
  private byte @Nullable [] payload;

  LogReader(DurableLog log, long from, boolean unsynced) {
    this.log = log;
    this.next = from;
    this.unsynced = unsynced;
  }

  /**
   * Moves to the next record.
   *
   * @return false at the end; a later call may return true
   * @throws IllegalArgumentException if no record begins here, also because the prefix was
   *     truncated
   * @throws DurableCorruptionException if the record is damaged
   */
  public boolean next() {
    while (true) {
      LogRecords.Found found = log.get(next, unsynced);
      if (found == null) {
        return false;
      }
      position = next;
      next += found.size;
      if (found.payload != null) {
        payload = found.payload;
        return true;
      }
    }
  }

  /**
   * Returns the position of the record.
   *
   * @throws IllegalStateException before the first {@link #next}
   */
  public long position() {
    payload();
    return position;
  }

  /**
   * Returns the content of the record, as a copy that is the caller's.
   *
   * @throws IllegalStateException before the first {@link #next}
   */
  public byte[] payload() {
    byte[] found = payload;
    if (found == null) {
      throw new IllegalStateException("no record yet: call next() first");
    }
    return found;
  }
}
