// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Frames to bytes and back. The host never searches for the next magic: bytes that are no frame end
 * the channel, because an answer after noise could belong to anything. Not thread-safe.
 */
public final class FrameCodec {
  public static final int PROTOCOL_VERSION = 1;
  static final int MAGIC = 0x314A3450;
  public static final int HEADER_BYTES = 16;
  public static final int TRAILER_BYTES = 4;
  public static final int MAX_PAYLOAD = 4_194_304;

  /** Received and not yet decoded: the first {@code filled} bytes. */
  private byte[] buffer = new byte[64 * 1024];

  private int filled;

  public static ByteBuffer encode(Frame frame) {
    byte[] payload = frame.payload();
    if (payload.length > MAX_PAYLOAD) {
      throw new IllegalArgumentException("a payload of " + payload.length + " bytes");
    }
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + payload.length + TRAILER_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putInt(frame.seq()).putShort((short) frame.type()).putShort((short) 0);
    out.putInt(payload.length).put(payload);
    return out.putInt(crc(out.array(), payload.length)).flip();
  }

  /** Over everything from seq to the end of the payload. */
  private static int crc(byte[] frame, int payloadLength) {
    CRC32 crc = new CRC32();
    crc.update(frame, Integer.BYTES, HEADER_BYTES - Integer.BYTES + payloadLength);
    return (int) crc.getValue();
  }

  /** Takes everything that {@code received} has. */
  public void feed(ByteBuffer received) {
    int more = received.remaining();
    if (buffer.length - filled < more) {
      buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, filled + more));
    }
    received.get(buffer, filled, more);
    filled += more;
  }

  /**
   * The next whole frame, or null when more bytes are needed.
   *
   * @throws ChannelFault BAD_FRAME as soon as the bytes cannot become a frame any more
   */
  public @Nullable Frame next() throws ChannelFault {
    int total = wholeFrameBytes();
    if (total == 0) {
      return null;
    }
    ByteBuffer in = ByteBuffer.wrap(buffer, 0, filled).order(ByteOrder.LITTLE_ENDIAN);
    byte[] payload = Arrays.copyOfRange(buffer, HEADER_BYTES, total - TRAILER_BYTES);
    Frame frame = new Frame(in.getInt(4), Short.toUnsignedInt(in.getShort(8)), payload);
    System.arraycopy(buffer, total, buffer, 0, filled - total);
    filled -= total;
    return frame;
  }

  /** Returns whether {@link #next} has a frame to return. */
  public boolean hasNext() throws ChannelFault {
    return wholeFrameBytes() > 0;
  }

  /** The size of the frame that lies at the start, checked; 0 when it is not whole yet. */
  private int wholeFrameBytes() throws ChannelFault {
    ByteBuffer in = ByteBuffer.wrap(buffer, 0, filled).order(ByteOrder.LITTLE_ENDIAN);
    if (filled >= Integer.BYTES && in.getInt(0) != MAGIC) {
      throw bad("0x%08x in place of the magic".formatted(in.getInt(0)));
    }
    if (filled < HEADER_BYTES) {
      return 0;
    }
    int type = Short.toUnsignedInt(in.getShort(8));
    int zero = Short.toUnsignedInt(in.getShort(10));
    int length = in.getInt(12);
    if (length < 0 || length > MAX_PAYLOAD) {
      throw bad("a length of %s bytes".formatted(Integer.toUnsignedString(length)));
    }
    int total = HEADER_BYTES + length + TRAILER_BYTES;
    if (filled < total) {
      return 0;
    }
    int expected = crc(buffer, length);
    int found = in.getInt(HEADER_BYTES + length);
    if (found != expected) {
      throw bad("CRC 0x%08x, computed 0x%08x".formatted(found, expected));
    }
    if ((type != Frame.RESPONSE && type != Frame.EVENT) || zero != 0) {
      throw bad("type %d, zero field %d".formatted(type, zero));
    }
    return total;
  }

  /** Bytes of a frame that has begun and not ended. */
  public int pendingBytes() {
    return filled;
  }

  private static ChannelFault bad(String what) {
    return new ChannelFault(GuestOutcome.BAD_FRAME, "the agent sent " + what);
  }
}
