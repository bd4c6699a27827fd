// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Several operations in one frame: a frame's way to the guest and back costs more than most
 * operations do. Each keeps its own clock, answer and events.
 */
public final class Batch {
  /** Bytes of requests in one frame; the rest of the frame is left to its fields. */
  private static final int MAX_BLOB = FrameCodec.MAX_PAYLOAD - 64;

  private Batch() {}

  /**
   * BATCH, with what is in it.
   *
   * @param names of its operations
   */
  public record Contents(List<String> names) implements WireCode {
    /** Copies the names. */
    public Contents {
      names = List.copyOf(names);
    }

    @Override
    public String name() {
      return WireOp.BATCH.name();
    }

    @Override
    public int code() {
      return WireOp.BATCH.code();
    }

    @Override
    public int argumentCount() {
      return WireOp.BATCH.argumentCount();
    }

    /** Returns the words for the operation of an index, counted from 0. */
    public String describe(int index) {
      return index < names.size()
          ? names.get(index) + ", number " + index + " of its batch"
          : "something after its batch";
    }
  }

  /**
   * One request for the first of the operations, as many as fit into a frame, at least one.
   *
   * @param requests at least one; each smaller than a frame by 64 bytes
   */
  public static Request of(List<Request> requests) {
    List<byte[]> encoded = new ArrayList<>();
    int length = 0;
    for (Request request : requests) {
      byte[] bytes = request.encode();
      if (!encoded.isEmpty() && length + Integer.BYTES + bytes.length > MAX_BLOB) {
        break;
      }
      length += Integer.BYTES + bytes.length;
      encoded.add(bytes);
    }
    ByteBuffer blob = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    encoded.forEach(bytes -> blob.putInt(bytes.length).put(bytes));
    List<String> names =
        requests.stream().limit(encoded.size()).map(request -> request.op().name()).toList();
    return Request.of(new Contents(names)).withBlob(blob.array());
  }

  /**
   * The answers to the first operations of a batch. There may be fewer than were sent: the rest was
   * not run, for lack of room for its answers.
   *
   * @throws GuestException BAD_FRAME when they contradict themselves, HARNESS_FAULT when the batch
   *     was refused
   */
  public static List<Response> answers(Response response) throws GuestException {
    if (response.status() != Response.STATUS_OK || response.result() < 1) {
      throw new GuestException(
          GuestOutcome.HARNESS_FAULT,
          "a batch was refused: status "
              + response.status()
              + ", result "
              + response.result()
              + ", errno "
              + response.errno());
    }
    List<Response> answers = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(response.data()).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (in.hasRemaining()) {
        int length = in.remaining() < Integer.BYTES ? -1 : in.getInt();
        if (length < 0 || length > in.remaining()) {
          throw bad(response);
        }
        byte[] payload = new byte[length];
        in.get(payload);
        answers.add(Response.decode(payload));
      }
      if (answers.size() != response.result()) {
        throw bad(response);
      }
      return answers;
    } catch (ChannelFault e) {
      throw new GuestException(e.outcome(), String.valueOf(e.getMessage()));
    }
  }

  private static ChannelFault bad(Response response) {
    return new ChannelFault(
        GuestOutcome.BAD_FRAME,
        "a batch's "
            + response.data().length
            + " bytes of "
            + response.result()
            + " answers contradict themselves");
  }
}
