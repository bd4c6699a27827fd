// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import io.pmem4j.pmem.PersistentMemory;

/**
 * A region by hand: a record is stored, written back and fenced, then the count is published. The
 * slots are used in turn, so that the one after the last record may hold anything.
 */
public class RingLane implements Lane {
  private static final int SLOTS = 32;
  private static final int RECORD_BYTES = 256;
  private static final int RECORDS = 4096;

  private final PersistentMemory memory;
  private final Payload payload;

  /** In a memory of at least {@code RECORDS} and the slots. */
  public RingLane(PersistentMemory memory, Payload payload) {
    this.memory = memory;
    this.payload = payload;
  }

  @Override
  public long recover(long promised) throws LostException {
    long last = memory.getLongAcquire(0);
    if (last < 0) {
      throw new LostException("offset 0: the count is " + last + ", expected " + promised);
    }
    byte[] found = new byte[RECORD_BYTES];
    for (long n = Math.max(1, last - SLOTS + 2); n <= last; n++) {
      memory.read(offset(n), found);
      Payload.require(payload.exactly(n, RECORD_BYTES), found, "offset " + offset(n));
    }
    memory.persist(0, RECORDS + (long) SLOTS * RECORD_BYTES);
    return last;
  }

  @Override
  public void perform(long operation) {
    memory.copy(offset(operation), payload.exactly(operation, RECORD_BYTES), 0, RECORD_BYTES);
    persist(offset(operation));
    memory.publishLong(0, operation);
  }

  /** Makes the record at an offset durable. */
  protected void persist(long offset) {
    memory.persist(offset, RECORD_BYTES);
  }

  private static long offset(long operation) {
    return RECORDS + operation % SLOTS * RECORD_BYTES;
  }

  @Override
  public void close() {}
}
