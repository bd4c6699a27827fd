// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * One operation for the agent. The arrays are not copied: the caller leaves them alone until the
 * answer has arrived.
 *
 * @param op the operation
 * @param clockSeconds the guest's CLOCK_REALTIME is set to exactly this second before the
 *     operation; 0 leaves it alone
 * @param args exactly as many as the operation takes
 * @param blob bytes, or strings separated by NUL
 */
@SuppressWarnings("ArrayRecordComponent")
public record Request(WireCode op, long clockSeconds, long[] args, byte[] blob) {
  /** Bytes before the arguments. */
  static final int FIXED_BYTES = 16;

  /** No operation takes more. */
  static final int MAX_ARGS = 8;

  private static final byte[] EMPTY = {};

  /** Refuses a wrong number of arguments here, where the caller's stack is. */
  public Request {
    Objects.requireNonNull(blob, "blob");
    if (args.length != op.argumentCount()) {
      throw new IllegalArgumentException(
          op.name() + " takes " + op.argumentCount() + " arguments, not " + args.length);
    }
    long payload = FIXED_BYTES + 8L * args.length + 4 + blob.length;
    if (payload > FrameCodec.MAX_PAYLOAD) {
      throw new IllegalArgumentException(
          op.name() + " of " + payload + " bytes; a frame carries " + FrameCodec.MAX_PAYLOAD);
    }
  }

  /** No clock and no blob. */
  public static Request of(WireCode op, long... args) {
    return new Request(op, 0, args, EMPTY);
  }

  /** The same operation at a second of the program's virtual time. */
  public Request withClock(long seconds) {
    return new Request(op, seconds, args, blob);
  }

  /** The same operation with these bytes. */
  public Request withBlob(byte[] bytes) {
    return new Request(op, clockSeconds, args, bytes);
  }

  /** The same operation with these strings, in UTF-8. */
  public Request withStrings(String... strings) {
    return withBlob(String.join("\0", strings).getBytes(StandardCharsets.UTF_8));
  }

  /** The payload of its frame. */
  public byte[] encode() {
    ByteBuffer out =
        ByteBuffer.allocate(FIXED_BYTES + 8 * args.length + 4 + blob.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putShort((short) op.code()).putShort((short) args.length).putInt(0).putLong(clockSeconds);
    for (long arg : args) {
      out.putLong(arg);
    }
    out.putInt(blob.length).put(blob);
    return out.array();
  }
}
