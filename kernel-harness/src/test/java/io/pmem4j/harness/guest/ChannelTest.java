// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The channel against a peer that misbehaves: each way has its own outcome, in bounded time. */
@Timeout(30)
class ChannelTest {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(10);

  @TempDir private Path directory;
  private ServerSocketChannel server;
  private SocketChannel peer;
  private Channel channel;

  @BeforeEach
  void connect() throws IOException {
    Path path = directory.resolve("s");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    channel = Channel.connect(path);
    peer = server.accept();
  }

  @AfterEach
  void close() throws IOException {
    channel.close();
    peer.close();
    server.close();
  }

  private static byte[] response(long result, byte[] data, String events) {
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

  private static Frame event(int kind, String text) {
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

  private static Frame answer(int seq) {
    return new Frame(seq, Frame.RESPONSE, response(42, new byte[] {1, 2, 3}, "line\n"));
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      peer.write(bytes);
    }
  }

  private void write(Frame frame) throws IOException {
    write(FrameCodec.encode(frame));
  }

  /** What the peer does when the request has arrived. */
  private interface Behaviour {
    void answer() throws Exception;
  }

  /** Reads one whole request, then behaves; returns its payload. */
  private byte[] serve(Behaviour behaviour) throws Exception {
    DataInputStream in = new DataInputStream(Channels.newInputStream(peer));
    byte[] header = in.readNBytes(FrameCodec.HEADER_BYTES);
    int length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
    byte[] payload = in.readNBytes(length);
    in.readNBytes(FrameCodec.TRAILER_BYTES);
    behaviour.answer();
    return payload;
  }

  private Response call(Duration bound, Behaviour behaviour) throws Exception {
    FutureTask<byte[]> serving = new FutureTask<>(() -> serve(behaviour));
    Thread.ofPlatform().daemon().start(serving);
    try {
      return channel.call(Request.of(Op.PING), Deadline.after(bound));
    } finally {
      serving.get(10, TimeUnit.SECONDS);
    }
  }

  private void fails(GuestOutcome outcome, String words, Duration bound, Behaviour behaviour) {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> call(bound, behaviour))
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(outcome));
  }

  @Test
  void aGoodAnswerIsUnderstoodInAnyPieces() throws Exception {
    Response whole = call(LONG, () -> write(answer(1)));
    assertThat(whole.result()).isEqualTo(42);
    assertThat(whole.errno()).isEqualTo(5);
    assertThat(whole.signo()).isEqualTo(7);
    assertThat(whole.sicode()).isEqualTo(2);
    assertThat(whole.faultAddress()).isEqualTo(0x7f00_0000_1000L);
    assertThat(whole.data()).containsExactly(1, 2, 3);
    assertThat(whole.events()).isEqualTo("line\n");
    Response pieces =
        call(
            LONG,
            () -> {
              for (byte b : FrameCodec.encode(answer(2)).array()) {
                write(ByteBuffer.wrap(new byte[] {b}));
              }
            });
    assertThat(pieces.data()).containsExactly(1, 2, 3);
  }

  @Test
  void aBigRequestIsSentWhole() throws Exception {
    byte[] blob = new byte[4_000_000];
    FutureTask<byte[]> serving = new FutureTask<>(() -> serve(() -> write(answer(1))));
    Thread.ofPlatform().daemon().start(serving);
    channel.call(Request.of(Op.PWRITE, 0, 0).withBlob(blob), Deadline.after(LONG));
    assertThat(serving.get()).hasSize(16 + 2 * 8 + 4 + blob.length);
  }

  @Test
  void aPeerThatTakesNothingIsATimeOut() {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() ->
            channel.call(
                Request.of(Op.PWRITE, 0, 0).withBlob(new byte[4_000_000]), Deadline.after(SHORT)))
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.TIMEOUT));
  }

  @Test
  void garbageIsABadFrame() {
    byte[] text = "login: ".getBytes(StandardCharsets.UTF_8);
    fails(GuestOutcome.BAD_FRAME, "magic", LONG, () -> write(ByteBuffer.wrap(text)));
  }

  @Test
  void garbageBeforeAGoodAnswerIsABadFrameToo() {
    fails(
        GuestOutcome.BAD_FRAME,
        "magic",
        LONG,
        () -> {
          write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0}));
          write(answer(1));
        });
  }

  @Test
  void aWrongCrcIsABadFrame() {
    ByteBuffer frame = FrameCodec.encode(answer(1));
    frame.put(20, (byte) ~frame.get(20));
    fails(GuestOutcome.BAD_FRAME, "CRC", LONG, () -> write(frame));
  }

  @Test
  void aWrongSequenceNumberIsABadFrame() {
    fails(GuestOutcome.BAD_FRAME, "response 2", LONG, () -> write(answer(2)));
  }

  @Test
  void anAnswerThatNobodyAskedForIsABadFrame() throws Exception {
    write(answer(1));
    fails(GuestOutcome.BAD_FRAME, "before the request");
  }

  @Test
  void anExcessiveLengthIsABadFrameAtOnce() {
    ByteBuffer frame = FrameCodec.encode(answer(1));
    frame.order(ByteOrder.LITTLE_ENDIAN).putInt(12, FrameCodec.MAX_PAYLOAD + 1);
    fails(GuestOutcome.BAD_FRAME, "length", LONG, () -> write(frame));
  }

  @Test
  void aLengthBeyondTwoGigabytesIsABadFrameAtOnce() {
    ByteBuffer frame = FrameCodec.encode(answer(1));
    frame.order(ByteOrder.LITTLE_ENDIAN).putInt(12, -1);
    fails(GuestOutcome.BAD_FRAME, "4294967295", LONG, () -> write(frame));
  }

  @Test
  void aResponseThatContradictsItselfIsABadFrame() {
    byte[] payload = response(0, new byte[8], "");
    ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(Response.FIXED_BYTES, 9999);
    fails(
        GuestOutcome.BAD_FRAME,
        "contradicts",
        LONG,
        () -> write(new Frame(1, Frame.RESPONSE, payload)));
  }

  @Test
  void theAgentsComplaintIsABadFrame() {
    fails(
        GuestOutcome.BAD_FRAME,
        "wrong crc",
        LONG,
        () -> write(event(Frame.EVENT_BAD_FRAME, "wrong crc")));
  }

  @Test
  void silenceIsATimeOut() {
    fails(GuestOutcome.TIMEOUT, "PING within 0.3 s", SHORT, () -> {});
  }

  @Test
  void halfAnAnswerIsATimeOutThatSaysSo() {
    ByteBuffer frame = FrameCodec.encode(answer(1));
    frame.limit(frame.limit() - 1);
    fails(GuestOutcome.TIMEOUT, "bytes of a frame", SHORT, () -> write(frame));
  }

  @Test
  void anEndIsACut() {
    fails(GuestOutcome.CHANNEL_CUT, "ended", LONG, () -> peer.close());
  }

  @Test
  void anEndInTheMiddleOfAnAnswerIsACut() {
    ByteBuffer frame = FrameCodec.encode(answer(1));
    frame.limit(frame.limit() - 1);
    fails(
        GuestOutcome.CHANNEL_CUT,
        "ended",
        LONG,
        () -> {
          write(frame);
          peer.close();
        });
  }

  @Test
  void anAnswerRightBeforeTheEndIsHeard() throws Exception {
    Response last =
        call(
            LONG,
            () -> {
              write(answer(1));
              peer.close();
            });
    assertThat(last.result()).isEqualTo(42);
    fails(GuestOutcome.CHANNEL_CUT, "");
  }

  @Test
  void theExecutorsDeathFailsThePendingRequest() {
    fails(
        GuestOutcome.EXECUTOR_DIED,
        "killed by signal 9",
        LONG,
        () -> write(event(Frame.EVENT_EXECUTOR_DIED, "executor 104 killed by signal 9")));
  }

  @Test
  void theExecutorsDeathBetweenRequestsFailsTheNext() throws Exception {
    write(event(Frame.EVENT_EXECUTOR_DIED, "executor 104 killed by signal 9"));
    fails(GuestOutcome.EXECUTOR_DIED, "killed by signal 9");
  }

  /** Fails without anything that the peer does after the request. */
  private void fails(GuestOutcome outcome, String words) {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> channel.call(Request.of(Op.PING), Deadline.after(LONG)))
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(outcome));
  }

  @Test
  void readyIsTheFirstWord() throws Exception {
    write(event(Frame.EVENT_AGENT_READY, "agent=a\nkernel=k\nresource=0x100\nsize=7\n"));
    Hello hello = Hello.parse(channel.awaitReady(Deadline.after(LONG)));
    assertThat(hello).isEqualTo(new Hello("k", "", 0x100, 7, "a", null));
  }

  @Test
  void anythingElseAsFirstWordIsABadFrame() throws Exception {
    write(answer(1));
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> channel.awaitReady(Deadline.after(LONG)))
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.BAD_FRAME));
  }

  @Test
  void closingEndsAWait() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    FutureTask<Response> waiting =
        new FutureTask<>(() -> channel.call(Request.of(Op.PING), Deadline.after(LONG)));
    FutureTask<byte[]> serving = new FutureTask<>(() -> serve(asked::countDown));
    Thread.ofPlatform().daemon().start(serving);
    Thread.ofPlatform().daemon().start(waiting);
    assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
    channel.close();
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(() -> waiting.get(5, TimeUnit.SECONDS))
        .havingCause()
        .isInstanceOfSatisfying(
            ChannelFault.class, e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.CHANNEL_CUT));
  }

  @Test
  void anInterruptedThreadIsTheHarnesssFault() {
    Thread.currentThread().interrupt();
    fails(GuestOutcome.HARNESS_FAULT, "interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }
}
