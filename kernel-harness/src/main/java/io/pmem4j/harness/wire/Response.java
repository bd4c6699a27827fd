// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The agent's answer. A failed operation has result -1 and an errno; one that raised a signal has
 * result -1, errno 0 and a signal.
 *
 * @param result what the call returned
 * @param errno Linux's number, 0 for success
 * @param signo 0 when no signal was raised
 * @param sicode si_code of the signal
 * @param status 0 ok, 1 unknown operation, 2 bad arguments, 3 late; 1 and 2 are the harness's fault
 * @param faultAddress si_addr of the signal
 * @param data what the operation yields besides its result
 * @param events trace lines of this operation, as the kernel wrote them
 */
@SuppressWarnings("ArrayRecordComponent")
public record Response(
    long result,
    int errno,
    int signo,
    int sicode,
    int status,
    long faultAddress,
    byte[] data,
    String events) {
  /** Bytes before the length of data. */
  public static final int FIXED_BYTES = 32;

  /** The request was understood. */
  public static final int STATUS_OK = 0;

  /** There is no such operation there. */
  public static final int STATUS_UNKNOWN_OP = 1;

  /** Its arguments make no sense: a slot that is free or taken, a length out of range. */
  public static final int STATUS_BAD_ARGUMENTS = 2;

  /** It was run, and the second that it was to run in was over before it had ended. */
  public static final int STATUS_LATE = 3;

  /**
   * Reads the payload of a frame.
   *
   * @throws ChannelFault BAD_FRAME if it contradicts itself
   */
  public static Response decode(byte[] payload) throws ChannelFault {
    ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
    if (in.remaining() < FIXED_BYTES) {
      throw bad(payload);
    }
    long result = in.getLong();
    int errno = in.getInt();
    int signo = in.getInt();
    int sicode = in.getInt();
    int status = in.getInt();
    long faultAddress = in.getLong();
    byte[] data = bytes(in, payload);
    String events = new String(bytes(in, payload), StandardCharsets.UTF_8);
    if (in.hasRemaining()) {
      throw bad(payload);
    }
    return new Response(result, errno, signo, sicode, status, faultAddress, data, events);
  }

  /**
   * The answer that another one carries as its data.
   *
   * @throws GuestException BAD_FRAME
   */
  public static Response of(byte[] payload) throws GuestException {
    try {
      return decode(payload);
    } catch (ChannelFault e) {
      throw new GuestException(e.outcome(), String.valueOf(e.getMessage()));
    }
  }

  private static byte[] bytes(ByteBuffer in, byte[] payload) throws ChannelFault {
    if (in.remaining() < Integer.BYTES) {
      throw bad(payload);
    }
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw bad(payload);
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static ChannelFault bad(byte[] payload) {
    return new ChannelFault(
        GuestOutcome.BAD_FRAME, "a response of " + payload.length + " bytes contradicts itself");
  }

  /** Returns whether the operation ended after its second. */
  public boolean isLate() {
    return status == STATUS_LATE;
  }

  /** The data as text. */
  public String text() {
    return new String(data, StandardCharsets.UTF_8);
  }
}
