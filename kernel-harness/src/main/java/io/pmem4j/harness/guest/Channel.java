// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.wire.ChannelFault;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.Frame;
import io.pmem4j.harness.wire.FrameCodec;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of the agent's port: one request, one response, and events in between. The calling
 * thread does the input and output, bounded by a deadline; there is no thread of its own.
 *
 * <p>Not thread-safe, except for {@link #close}, which ends a wait of another thread with
 * CHANNEL_CUT. After any {@link ChannelFault} the channel is out of step and not to be used again.
 */
final class Channel implements AutoCloseable {
  private final SocketChannel socket;
  private final Selector selector;
  private final SelectionKey key;
  private final FrameCodec codec = new FrameCodec();
  private final ByteBuffer received = ByteBuffer.allocateDirect(64 * 1024);
  private int lastSeq;

  private Channel(SocketChannel socket) throws IOException {
    this.socket = socket;
    socket.configureBlocking(false);
    selector = Selector.open();
    key = socket.register(selector, SelectionKey.OP_READ);
  }

  /** Connects to a socket that is listening already; fails like {@link SocketChannel#connect}. */
  static Channel connect(Path path) throws IOException {
    SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    try {
      return new Channel(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Waits for the agent's first word and returns its text. */
  String awaitReady(Deadline deadline) throws ChannelFault {
    Frame frame = receive(deadline, "word from the agent");
    if (frame.type() != Frame.EVENT || kind(frame) != Frame.EVENT_AGENT_READY) {
      throw unexpected(frame, "in place of AGENT_READY");
    }
    return text(frame);
  }

  /**
   * Sends the request and waits for its response.
   *
   * @throws ChannelFault TIMEOUT, CHANNEL_CUT, BAD_FRAME, EXECUTOR_DIED; HARNESS_FAULT when the
   *     thread is interrupted
   */
  Response call(Request request, Deadline deadline) throws ChannelFault {
    return call(List.of(request), deadline).getFirst();
  }

  /**
   * Sends requests together and waits for their responses, which arrive in the same order. The
   * agent takes up each request after it has answered the one before, whatever the answer was.
   *
   * @param requests few and small: they lie in the port's buffers until they are taken up
   */
  List<Response> call(List<Request> requests, Deadline deadline) throws ChannelFault {
    // An event that arrived between two requests belongs to neither; it is not to be lost.
    read();
    for (Frame frame = codec.next(); frame != null; frame = codec.next()) {
      refuse(frame, "before the request");
    }
    int first = lastSeq;
    for (Request request : requests) {
      Frame frame = new Frame(nextSeq(), Frame.REQUEST, request.encode());
      send(FrameCodec.encode(frame), request, deadline);
    }
    lastSeq = first;
    List<Response> responses = new ArrayList<>();
    for (Request request : requests) {
      int seq = nextSeq();
      Frame frame = receive(deadline, "answer to " + request.op().name());
      if (frame.type() != Frame.RESPONSE || frame.seq() != seq) {
        refuse(frame, "in place of response " + seq);
      }
      responses.add(Response.decode(frame.payload()));
    }
    return responses;
  }

  private int nextSeq() {
    // 0 is the number of events.
    lastSeq = lastSeq == Integer.MAX_VALUE ? 1 : lastSeq + 1;
    return lastSeq;
  }

  /** Always throws: a frame that answers nothing. */
  private static void refuse(Frame frame, String where) throws ChannelFault {
    if (frame.type() == Frame.EVENT) {
      switch (kind(frame)) {
        case Frame.EVENT_EXECUTOR_DIED ->
            throw new ChannelFault(GuestOutcome.EXECUTOR_DIED, text(frame));
        case Frame.EVENT_BAD_FRAME ->
            throw new ChannelFault(GuestOutcome.BAD_FRAME, "the agent received: " + text(frame));
        default -> throw unexpected(frame, where);
      }
    }
    throw unexpected(frame, where);
  }

  private static ChannelFault unexpected(Frame frame, String where) {
    String what =
        frame.type() == Frame.RESPONSE ? "response " + frame.seq() : "an event of unexpected kind";
    return new ChannelFault(GuestOutcome.BAD_FRAME, "the agent sent " + what + " " + where);
  }

  private static int kind(Frame event) throws ChannelFault {
    if (event.payload().length < 2 * Integer.BYTES) {
      throw new ChannelFault(GuestOutcome.BAD_FRAME, "the agent sent an event without a kind");
    }
    return ByteBuffer.wrap(event.payload()).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  private static String text(Frame event) {
    int head = 2 * Integer.BYTES;
    return new String(event.payload(), head, event.payload().length - head, StandardCharsets.UTF_8);
  }

  private void send(ByteBuffer bytes, Request request, Deadline deadline) throws ChannelFault {
    try {
      while (true) {
        socket.write(bytes);
        if (!bytes.hasRemaining()) {
          return;
        }
        await(SelectionKey.OP_WRITE, deadline, "room for " + request.op().name());
      }
    } catch (ChannelFault e) {
      throw e;
    } catch (IOException e) {
      throw cut(e);
    }
  }

  private Frame receive(Deadline deadline, String what) throws ChannelFault {
    while (true) {
      Frame frame = codec.next();
      if (frame != null) {
        return frame;
      }
      await(SelectionKey.OP_READ, deadline, what);
      read();
    }
  }

  /** Reads the bytes that have arrived, without waiting. */
  private void read() throws ChannelFault {
    try {
      int count;
      do {
        received.clear();
        count = socket.read(received);
        codec.feed(received.flip());
      } while (count > 0 && count == received.capacity());
      // The end counts only when every frame before it has been taken: a last word is heard.
      if (count < 0 && !codec.hasNext()) {
        throw cut(null);
      }
    } catch (ChannelFault e) {
      throw e;
    } catch (IOException e) {
      throw cut(e);
    }
  }

  private void await(int interest, Deadline deadline, String what) throws ChannelFault {
    try {
      if (deadline.passed()) {
        String partial =
            codec.pendingBytes() > 0 ? " (" + codec.pendingBytes() + " bytes of a frame)" : "";
        throw new ChannelFault(
            GuestOutcome.TIMEOUT, "no " + what + " " + deadline.describe() + partial);
      }
      key.interestOps(interest);
      selector.select(Math.max(1, deadline.remainingMillis()));
      selector.selectedKeys().clear();
      if (Thread.currentThread().isInterrupted()) {
        throw new ChannelFault(GuestOutcome.HARNESS_FAULT, "interrupted while waiting for " + what);
      }
    } catch (ChannelFault e) {
      throw e;
    } catch (IOException | ClosedSelectorException | CancelledKeyException e) {
      throw cut(e);
    }
  }

  private static ChannelFault cut(@Nullable Exception cause) {
    String why =
        cause == null
            ? "the agent's channel ended"
            : cause instanceof ClosedChannelException || cause instanceof ClosedSelectorException
                ? "the agent's channel was closed"
                : "the agent's channel failed: " + cause.getMessage();
    return new ChannelFault(GuestOutcome.CHANNEL_CUT, why);
  }

  @Override
  public void close() throws IOException {
    try {
      selector.close();
    } finally {
      socket.close();
    }
  }
}
