// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.guest.ScriptedPeer;
import io.pmem4j.harness.program.Syscall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The encoding of batches, and the answers that are rejected. */
class BatchTest {
  private static Response response(long result, int status, byte... data) {
    return new Response(result, 0, 0, 0, status, 0, data, "");
  }

  private static byte[] answers(byte[]... payloads) {
    ByteBuffer all = ByteBuffer.allocate(10_000).order(ByteOrder.LITTLE_ENDIAN);
    for (byte[] payload : payloads) {
      all.putInt(payload.length).put(payload);
    }
    return java.util.Arrays.copyOf(all.array(), all.position());
  }

  @Test
  void requestsStandOneBehindTheOther() {
    Request close = Request.of(Syscall.CLOSE, 7).withClock(1000);
    Request batch = Batch.of(List.of(Request.of(Syscall.SYNC), close));
    ByteBuffer blob = ByteBuffer.wrap(batch.blob()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(batch.op().code()).isEqualTo(WireOp.BATCH.code());
    assertThat(batch.op())
        .isInstanceOfSatisfying(
            Batch.Contents.class,
            contents -> {
              assertThat(contents.describe(1)).isEqualTo("CLOSE, number 1 of its batch");
              assertThat(contents.describe(2)).isEqualTo("something after its batch");
            });
    assertThat(blob.getInt()).isEqualTo(Request.FIXED_BYTES + 4);
    assertThat(blob.getShort()).isEqualTo((short) Syscall.SYNC.code());
    blob.position(4 + Request.FIXED_BYTES + 4);
    assertThat(blob.getInt()).isEqualTo(close.encode().length);
    assertThat(blob.slice()).isEqualTo(ByteBuffer.wrap(close.encode()));
  }

  @Test
  void whatDoesNotFitIntoAFrameIsLeftForTheNext() {
    Request write = Request.of(Syscall.PWRITE, 1, 0).withBlob(new byte[1 << 20]);
    int one = Batch.of(List.of(write)).blob().length;
    assertThat(Batch.of(Collections.nCopies(9, write)).blob()).hasSize(3 * one);
    Request huge = Request.of(Syscall.PWRITE, 1, 0).withBlob(new byte[4_000_000]);
    assertThat(Batch.of(List.of(huge, write)).blob())
        .hasSize(Batch.of(List.of(huge)).blob().length);
  }

  @Test
  void answersAreThoseOfTheOperations() throws Exception {
    byte[] answer = ScriptedPeer.response(42, new byte[] {1}, "line\n");
    List<Response> found = Batch.answers(response(2, 0, answers(answer, answer)));
    assertThat(found).hasSize(2);
    assertThat(found.getLast().result()).isEqualTo(42);
    assertThat(found.getLast().events()).isEqualTo("line\n");
  }

  @Test
  void answersThatContradictThemselvesAreABadFrame() {
    byte[] answer = ScriptedPeer.response(42, new byte[] {1}, "");
    byte[] cut = java.util.Arrays.copyOf(answers(answer), 20);
    for (Response bad :
        List.of(
            response(2, 0, answers(answer)),
            response(1, 0, cut),
            response(1, 0, answers(new byte[3])),
            response(1, 0, (byte) 1))) {
      assertThatThrownBy(() -> Batch.answers(bad))
          .isInstanceOfSatisfying(
              GuestException.class, e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.BAD_FRAME));
    }
  }

  @Test
  void aRefusedBatchIsTheHarnesssFault() {
    for (Response refused : List.of(response(-1, 2), response(0, 0))) {
      assertThatThrownBy(() -> Batch.answers(refused))
          .isInstanceOfSatisfying(
              GuestException.class,
              e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.HARNESS_FAULT));
    }
  }
}
