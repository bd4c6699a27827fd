// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.harness.wire.Frame;
import io.pmem4j.harness.wire.FrameCodec;
import io.pmem4j.harness.wire.Response;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The peer of a {@link Channel}, which behaves as the test says. */
public final class ScriptedPeer implements AutoCloseable {
  private final Path path;
  private final ServerSocketChannel server;
  private SocketChannel peer;

  ScriptedPeer(Path path) throws IOException {
    this.path = path;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
  }

  Path path() {
    return path;
  }

  void accept() throws IOException {
    peer = server.accept();
  }

  public static byte[] response(long result, byte[] data, String events) {
    byte[] text = events.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Response.FIXED_BYTES + 8 + data.length + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(result)
        .putInt(5)
        .putInt(7)
        .putInt(2)
        .putInt(0)
        .putLong(0x7f00_0000_1000L)
        .putInt(data.length)
        .put(data)
        .putInt(text.length)
        .put(text)
        .array();
  }

  static Frame event(int kind, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new Frame(
        0,
        Frame.EVENT,
        ByteBuffer.allocate(8 + bytes.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(kind)
            .putInt(9)
            .put(bytes)
            .array());
  }

  static Frame answer(int seq) {
    return new Frame(seq, Frame.RESPONSE, response(42, new byte[] {1, 2, 3}, "line\n"));
  }

  void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      peer.write(bytes);
    }
  }

  void write(Frame frame) throws IOException {
    write(FrameCodec.encode(frame));
  }

  /** The behaviour of the peer after the request has arrived. */
  interface Behaviour {
    void answer() throws Exception;
  }

  /** Reads one whole request, then behaves; returns its payload. */
  byte[] serve(Behaviour behaviour) throws Exception {
    DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
    byte[] header = in.readNBytes(FrameCodec.HEADER_BYTES);
    int length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
    byte[] payload = in.readNBytes(length);
    in.readNBytes(FrameCodec.TRAILER_BYTES);
    behaviour.answer();
    return payload;
  }

  @Override
  public void close() throws IOException {
    peer.close();
    server.close();
  }
}
