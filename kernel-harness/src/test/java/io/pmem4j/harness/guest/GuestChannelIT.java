// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A channel to a real agent that breaks, and a kernel that really breaks its locking rules. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GuestChannelIT {
  @TempDir private Path directory;
  private GuestSpec spec;

  @BeforeEach
  void prepare() throws IOException {
    spec = KernelFixture.open(directory).spec().withCpus(1);
  }

  @AfterEach
  void nothingIsLeft() {
    if (spec != null) {
      KernelFixture.assertNothingLeft(spec);
    }
  }

  private static GuestException fails(GuestOutcome outcome, ThrowingCallable action) {
    GuestException e = catchThrowableOfType(GuestException.class, action);
    assertThat(e).as("a failure").isNotNull();
    assertThat(e.outcome()).as(e.getMessage()).isEqualTo(outcome);
    return e;
  }

  /** The line itself, past everything that keeps it in order. */
  private static SocketChannel socketOf(Guest guest) throws ReflectiveOperationException {
    Field channel = Guest.class.getDeclaredField("channel");
    channel.setAccessible(true);
    Field socket = Channel.class.getDeclaredField("socket");
    socket.setAccessible(true);
    return (SocketChannel) socket.get(channel.get(guest));
  }

  @Test
  void garbageSentToTheAgentIsABadFrame() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      byte[] garbage = "no frame begins like this, nor goes on so".getBytes(StandardCharsets.UTF_8);
      assertThat(socketOf(guest).write(ByteBuffer.wrap(garbage))).isEqualTo(garbage.length);
      GuestException e =
          fails(GuestOutcome.BAD_FRAME, () -> guest.request(Request.of(WireOp.PING)));
      assertThat(e).hasMessageContaining("the agent received");
      fails(GuestOutcome.BAD_FRAME, guest::stop);
    }
  }

  @Test
  void aChannelCutOnTheHostIsACutChannel() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      socketOf(guest).close();
      fails(GuestOutcome.CHANNEL_CUT, () -> guest.request(Request.of(WireOp.PING)));
      fails(GuestOutcome.CHANNEL_CUT, guest::stop);
    }
  }

  @Test
  void anAgentThatLosesItsPortEnds() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      String unbind =
          "cd /sys/bus/virtio/drivers/virtio_console; for d in virtio*; do echo $d > unbind; done";
      GuestException e =
          fails(
              GuestOutcome.AGENT_DIED,
              () ->
                  guest.request(
                      Request.of(WireOp.EXEC, 20_000).withStrings("/bin/sh", "-c", unbind)));
      assertThat(e).hasMessageContaining("agent: the port failed");
    }
  }

  @Test
  void aBrokenLockingRuleIsASplatAfterWhichLockdepIsOff() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      guest.check();
      assertThat(guest.lockdepOn()).isTrue();
      // Takes a lock and returns to its program with it.
      guest.request(
          Request.of(WireOp.EXEC, 20_000)
              .withStrings(
                  "/bin/sh", "-c", "echo SPINLOCKUP > /sys/kernel/debug/provoke-crash/DIRECT"));
      GuestException e = fails(GuestOutcome.SPLAT, guest::check);
      assertThat(e.consoleTail()).anyMatch(line -> line.contains("lock held when returning"));
      assertThat(guest.lockdepOn()).isFalse();
    }
  }
}
