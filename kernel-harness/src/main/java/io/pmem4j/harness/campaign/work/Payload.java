// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;

/** The contents of a lane's records: the number of the operation, then bytes by the seed. */
public final class Payload {
  private static final int LEAST_BYTES = 24;
  private static final int SHOWN_BYTES = 16;

  private final long seed;

  /** The contents of one lane. */
  public Payload(long seed) {
    this.seed = seed;
  }

  /** Returns the record of an operation, of a length that the operation decides. */
  public byte[] of(long operation, int mostBytes) {
    int spread = mostBytes - LEAST_BYTES;
    return exactly(operation, LEAST_BYTES + (int) (operation * 37 % Math.max(1, spread)));
  }

  /** Returns the record of an operation, of this length. */
  public byte[] exactly(long operation, int bytes) {
    byte[] record = new byte[bytes];
    new SplittableRandom(seed * 31 + operation).nextBytes(record);
    ByteBuffer.wrap(record).putLong(operation);
    return record;
  }

  /** Returns the operation that a record says it is of; -1 if it is too short to say. */
  public static long operation(byte[] record) {
    return record.length < Long.BYTES ? -1 : ByteBuffer.wrap(record).getLong();
  }

  /**
   * Requires a record to be as it was written.
   *
   * @param where it was read, for the message
   */
  public static void require(byte[] expected, byte[] found, String where) throws LostException {
    int at = Arrays.mismatch(expected, found);
    if (at >= 0) {
      throw new LostException(
          "%s: record of operation %d differs at byte %d: read %s, expected %s"
              .formatted(where, operation(expected), at, shown(found, at), shown(expected, at)));
    }
  }

  private static String shown(byte[] bytes, int at) {
    int end = Math.min(bytes.length, at + SHOWN_BYTES);
    return at >= end ? "its end" : HexFormat.of().formatHex(bytes, at, end);
  }
}
