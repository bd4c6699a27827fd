// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.ChannelFault;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.Frame;
import io.pmem4j.harness.wire.FrameCodec;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
  private ScriptedPeer peer;
  private Channel channel;

  @BeforeEach
  void connect() throws IOException {
    peer = new ScriptedPeer(directory.resolve("s"));
    channel = Channel.connect(peer.path());
    peer.accept();
  }

  @AfterEach
  void close() throws IOException {
    channel.close();
    peer.close();
  }

  private Response call(Duration bound, ScriptedPeer.Behaviour behaviour) throws Exception {
    FutureTask<byte[]> serving = new FutureTask<>(() -> peer.serve(behaviour));
    Thread.ofPlatform().daemon().start(serving);
    try {
      return channel.call(Request.of(WireOp.PING), Deadline.after(bound));
    } finally {
      serving.get(10, TimeUnit.SECONDS);
    }
  }

  /** Sends two requests; the peer reads both before it answers. */
  private List<Response> callTwo(Frame... answers) throws Exception {
    FutureTask<byte[]> serving =
        new FutureTask<>(() -> {
          peer.serve(() -> {});
          return peer.serve(() -> {
            for (Frame answer : answers) {
              peer.write(answer);
            }
          });
        });
    Thread.ofPlatform().daemon().start(serving);
    try {
      return channel.call(
          List.of(Request.of(WireOp.PING), Request.of(Syscall.SYNC)), Deadline.after(LONG));
    } finally {
      serving.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void severalRequestsAreAnsweredInTheirOrder() throws Exception {
    assertThat(callTwo(ScriptedPeer.answer(1), ScriptedPeer.answer(2))).hasSize(2);
    // The numbers go on where they were.
    assertThat(callTwo(ScriptedPeer.answer(3), ScriptedPeer.answer(4))).hasSize(2);
  }

  @Test
  void answersInAnotherOrderAreRefused() {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> callTwo(ScriptedPeer.answer(2), ScriptedPeer.answer(1)))
        .withMessageContaining("response 2 in place of response 1")
        .satisfies(fault -> assertThat(fault.outcome()).isEqualTo(GuestOutcome.BAD_FRAME));
  }

  private void fails(
      GuestOutcome outcome, String words, Duration bound, ScriptedPeer.Behaviour behaviour) {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> call(bound, behaviour))
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(outcome));
  }

  @Test
  void aGoodAnswerIsUnderstoodInAnyPieces() throws Exception {
    Response whole = call(LONG, () -> peer.write(ScriptedPeer.answer(1)));
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
              for (byte b : FrameCodec.encode(ScriptedPeer.answer(2)).array()) {
                peer.write(ByteBuffer.wrap(new byte[] {b}));
              }
            });
    assertThat(pieces.data()).containsExactly(1, 2, 3);
  }

  @Test
  void aBigRequestIsSentWhole() throws Exception {
    byte[] blob = new byte[4_000_000];
    FutureTask<byte[]> serving =
        new FutureTask<>(() -> peer.serve(() -> peer.write(ScriptedPeer.answer(1))));
    Thread.ofPlatform().daemon().start(serving);
    channel.call(Request.of(Syscall.PWRITE, 0, 0).withBlob(blob), Deadline.after(LONG));
    assertThat(serving.get()).hasSize(16 + 2 * 8 + 4 + blob.length);
  }

  @Test
  void aPeerThatTakesNothingIsATimeOut() {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() ->
            channel.call(
                Request.of(Syscall.PWRITE, 0, 0).withBlob(new byte[4_000_000]),
                Deadline.after(SHORT)))
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.TIMEOUT));
  }

  @Test
  void garbageIsABadFrame() {
    byte[] text = "login: ".getBytes(StandardCharsets.UTF_8);
    fails(GuestOutcome.BAD_FRAME, "magic", LONG, () -> peer.write(ByteBuffer.wrap(text)));
  }

  @Test
  void garbageBeforeAGoodAnswerIsABadFrameToo() {
    fails(
        GuestOutcome.BAD_FRAME,
        "magic",
        LONG,
        () -> {
          peer.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0}));
          peer.write(ScriptedPeer.answer(1));
        });
  }

  @Test
  void aWrongCrcIsABadFrame() {
    ByteBuffer frame = FrameCodec.encode(ScriptedPeer.answer(1));
    frame.put(20, (byte) ~frame.get(20));
    fails(GuestOutcome.BAD_FRAME, "CRC", LONG, () -> peer.write(frame));
  }

  @Test
  void aWrongSequenceNumberIsABadFrame() {
    fails(GuestOutcome.BAD_FRAME, "response 2", LONG, () -> peer.write(ScriptedPeer.answer(2)));
  }

  @Test
  void anAnswerThatNobodyAskedForIsABadFrame() throws Exception {
    peer.write(ScriptedPeer.answer(1));
    fails(GuestOutcome.BAD_FRAME, "before the request");
  }

  @Test
  void anExcessiveLengthIsABadFrameAtOnce() {
    ByteBuffer frame = FrameCodec.encode(ScriptedPeer.answer(1));
    frame.order(ByteOrder.LITTLE_ENDIAN).putInt(12, FrameCodec.MAX_PAYLOAD + 1);
    fails(GuestOutcome.BAD_FRAME, "length", LONG, () -> peer.write(frame));
  }

  @Test
  void aLengthBeyondTwoGigabytesIsABadFrameAtOnce() {
    ByteBuffer frame = FrameCodec.encode(ScriptedPeer.answer(1));
    frame.order(ByteOrder.LITTLE_ENDIAN).putInt(12, -1);
    fails(GuestOutcome.BAD_FRAME, "4294967295", LONG, () -> peer.write(frame));
  }

  @Test
  void aResponseThatContradictsItselfIsABadFrame() {
    byte[] payload = ScriptedPeer.response(0, new byte[8], "");
    ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN).putInt(Response.FIXED_BYTES, 9999);
    fails(
        GuestOutcome.BAD_FRAME,
        "contradicts",
        LONG,
        () -> peer.write(new Frame(1, Frame.RESPONSE, payload)));
  }

  @Test
  void theAgentsComplaintIsABadFrame() {
    fails(
        GuestOutcome.BAD_FRAME,
        "wrong crc",
        LONG,
        () -> peer.write(ScriptedPeer.event(Frame.EVENT_BAD_FRAME, "wrong crc")));
  }

  @Test
  void silenceIsATimeOut() {
    fails(GuestOutcome.TIMEOUT, "PING within 0.3 s", SHORT, () -> {});
  }

  @Test
  void halfAnAnswerIsATimeOutThatSaysSo() {
    ByteBuffer frame = FrameCodec.encode(ScriptedPeer.answer(1));
    frame.limit(frame.limit() - 1);
    fails(GuestOutcome.TIMEOUT, "bytes of a frame", SHORT, () -> peer.write(frame));
  }

  @Test
  void anEndIsACut() {
    fails(GuestOutcome.CHANNEL_CUT, "ended", LONG, () -> peer.close());
  }

  @Test
  void anEndInTheMiddleOfAnAnswerIsACut() {
    ByteBuffer frame = FrameCodec.encode(ScriptedPeer.answer(1));
    frame.limit(frame.limit() - 1);
    fails(
        GuestOutcome.CHANNEL_CUT,
        "ended",
        LONG,
        () -> {
          peer.write(frame);
          peer.close();
        });
  }

  @Test
  void anAnswerRightBeforeTheEndIsHeard() throws Exception {
    Response last =
        call(
            LONG,
            () -> {
              peer.write(ScriptedPeer.answer(1));
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
        () ->
            peer.write(
                ScriptedPeer.event(Frame.EVENT_EXECUTOR_DIED, "executor 104 killed by signal 9")));
  }

  @Test
  void theExecutorsDeathBetweenRequestsFailsTheNext() throws Exception {
    peer.write(ScriptedPeer.event(Frame.EVENT_EXECUTOR_DIED, "executor 104 killed by signal 9"));
    fails(GuestOutcome.EXECUTOR_DIED, "killed by signal 9");
  }

  /** Fails without anything that the peer does after the request. */
  private void fails(GuestOutcome outcome, String words) {
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> channel.call(Request.of(WireOp.PING), Deadline.after(LONG)))
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(outcome));
  }

  @Test
  void readyIsTheFirstWord() throws Exception {
    peer.write(
        ScriptedPeer.event(Frame.EVENT_AGENT_READY, "agent=a\nkernel=k\nresource=0x100\nsize=7\n"));
    Handshake hello = Handshake.parse(channel.awaitReady(Deadline.after(LONG)));
    assertThat(hello).isEqualTo(new Handshake("k", "", "", 0x100, 7, "a", null));
  }

  @Test
  void anythingElseAsFirstWordIsABadFrame() throws Exception {
    peer.write(ScriptedPeer.answer(1));
    assertThatExceptionOfType(ChannelFault.class)
        .isThrownBy(() -> channel.awaitReady(Deadline.after(LONG)))
        .satisfies(e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.BAD_FRAME));
  }

  @Test
  void closingEndsAWait() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    FutureTask<Response> waiting =
        new FutureTask<>(() -> channel.call(Request.of(WireOp.PING), Deadline.after(LONG)));
    FutureTask<byte[]> serving = new FutureTask<>(() -> peer.serve(asked::countDown));
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
