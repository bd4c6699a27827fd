// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A guest that fails in one way has exactly that outcome, in bounded time, and leaves nothing. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BadGuestIT {
  @TempDir private Path directory;
  private GuestSpec spec;

  @BeforeEach
  void prepare() throws IOException {
    spec = KernelFixture.open(directory).spec();
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
    assertThat(e.getMessage()).startsWith(outcome.name()).doesNotContain("\n");
    return e;
  }

  /** After a failure every request has the same outcome, without another wait. */
  private static void staysFailed(Guest guest, GuestOutcome outcome) {
    long begin = System.nanoTime();
    fails(outcome, () -> guest.request(Request.of(WireOp.PING)));
    fails(outcome, guest::check);
    fails(outcome, guest::lockdepOn);
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isLessThan(KernelFixture.REQUEST_BOUND.dividedBy(2));
    fails(outcome, guest::stop);
  }

  @Test
  void aKernelOfGarbageDoesNotBoot() throws Exception {
    byte[] garbage = new byte[1 << 20];
    new Random(1).nextBytes(garbage);
    Path kernel = Files.write(directory.resolve("garbage"), garbage);
    Duration bound = Duration.ofSeconds(10);
    long begin = System.nanoTime();
    fails(
        GuestOutcome.BOOT_FAILED,
        () -> Guest.start(spec.withKernel(kernel).withBootTimeout(bound)));
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(bound.multipliedBy(4));
  }

  @Test
  void anEmptyInitramfsIsAPanic() throws Exception {
    Path empty = Files.createFile(directory.resolve("empty"));
    GuestException e = fails(GuestOutcome.PANIC, () -> Guest.start(spec.withInitrd(empty)));
    assertThat(e).hasMessageContaining("Kernel panic").hasMessageContaining("during boot");
    assertThat(e.consoleTail()).anyMatch(line -> line.contains("Unable to mount root fs"));
  }

  @Test
  void anInitThatNeverSpeaksIsABootThatTimesOut() throws Exception {
    Path initrd = InitrdMaker.of(directory, "exec /bin/busybox sleep 100000");
    Duration bound = Duration.ofSeconds(15);
    long begin = System.nanoTime();
    GuestException e =
        fails(
            GuestOutcome.BOOT_FAILED,
            () -> Guest.start(spec.withInitrd(initrd).withBootTimeout(bound)));
    assertThat(e).hasMessageContaining("TIMEOUT").hasMessageContaining("within 15.0 s");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(bound.multipliedBy(4));
  }

  @Test
  void anInitThatEndsIsAPanicOfTheAgentsMaking() throws Exception {
    Path initrd = InitrdMaker.of(directory, "exit 3");
    fails(GuestOutcome.AGENT_DIED, () -> Guest.start(spec.withInitrd(initrd)));
  }

  @Test
  void aMissingKernelIsTheHarnesssFault() {
    fails(
        GuestOutcome.HARNESS_FAULT,
        () -> Guest.start(spec.withKernel(directory.resolve("nothing"))));
  }

  @Test
  void aPanicIsAPanic() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(
              GuestOutcome.PANIC,
              () ->
                  guest.request(
                      Request.of(WireOp.WRITE_FILE).withStrings("/proc/sysrq-trigger", "c")));
      assertThat(e).hasMessageContaining("Kernel panic");
      assertThat(e.consoleTail()).anyMatch(line -> line.contains("sysrq triggered crash"));
      staysFailed(guest, GuestOutcome.PANIC);
    }
  }

  @Test
  void aKilledQemuIsADeadQemu() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      ProcessHandle qemu = ProcessHandle.of(guest.pid()).orElseThrow();
      assertThat(qemu.destroyForcibly()).isTrue();
      GuestException e =
          fails(GuestOutcome.QEMU_DIED, () -> guest.request(Request.of(WireOp.PING)));
      assertThat(e).hasMessageContaining("signal 9");
      staysFailed(guest, GuestOutcome.QEMU_DIED);
    }
  }

  @Test
  void anExecutorKilledByItsOwnCommandIsADeadExecutor() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      long pid = guest.request(Request.of(WireOp.BEGIN, 0, 0)).result();
      assertThat(pid).isGreaterThan(1);
      GuestException e =
          fails(
              GuestOutcome.EXECUTOR_DIED,
              () ->
                  guest.request(
                      Request.of(WireOp.EXEC, 5000).withStrings("/bin/kill", "-9", "" + pid)));
      assertThat(e).hasMessageContaining("executor " + pid + " killed by signal 9");
      staysFailed(guest, GuestOutcome.EXECUTOR_DIED);
    }
  }

  @Test
  void aCommandThatOutlastsItsRequestIsATimeOut() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      fails(
          GuestOutcome.TIMEOUT,
          () ->
              guest.request(
                  Request.of(WireOp.EXEC, 60_000).withStrings("/bin/sleep", "50"),
                  Duration.ofSeconds(1)));
      staysFailed(guest, GuestOutcome.TIMEOUT);
    }
  }

  @Test
  void closingEndsARequestOfAnotherThread() throws Exception {
    Guest guest = Guest.start(spec);
    Thread closer = Thread.ofPlatform().daemon().unstarted(guest::close);
    closer.start();
    fails(
        GuestOutcome.HARNESS_FAULT,
        () -> guest.request(Request.of(WireOp.EXEC, 60_000).withStrings("/bin/sleep", "50")));
    closer.join(20_000);
    guest.close();
  }

  @Test
  void lockdepSwitchedOffIsSeen() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      assertThat(guest.lockdepOn()).isTrue();
      // A kernel report through the kernel's own words; lockdep itself is asked by lockdepOn().
      guest.request(
          Request.of(WireOp.WRITE_FILE)
              .withStrings("/dev/kmsg", "<1>INFO: lockdep is turned off.\n"));
      fails(GuestOutcome.LOCKDEP_OFF, guest::check);
      guest.stop();
    }
  }

  /** An initramfs whose init is a shell script: the format is newc cpio, written here. */
  private static final class InitrdMaker {
    private static final int DIRECTORY = 040755;
    private static final int EXECUTABLE = 0100755;

    private final ByteBuffer out;
    private int inode = 1;

    private InitrdMaker(int bytes) {
      out = ByteBuffer.allocate(bytes);
    }

    static Path of(Path directory, String script) throws IOException {
      Path busybox = Path.of("/bin/busybox");
      if (!Files.isExecutable(busybox)) {
        throw Required.missing("no /bin/busybox");
      }
      byte[] program = Files.readAllBytes(busybox);
      InitrdMaker maker = new InitrdMaker(program.length + 8192);
      maker.add("bin", DIRECTORY, new byte[0]);
      maker.add("bin/busybox", EXECUTABLE, program);
      maker.add("init", EXECUTABLE, bytes("#!/bin/busybox sh\n" + script + "\n"));
      maker.add("TRAILER!!!", 0, new byte[0]);
      return Files.write(
          directory.resolve("initrd"), Arrays.copyOf(maker.out.array(), maker.out.position()));
    }

    private static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void add(String name, int mode, byte[] content) {
      int[] fields = {inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length() + 1, 0};
      out.put(bytes("070701"));
      for (int field : fields) {
        out.put(bytes("%08X".formatted(field)));
      }
      out.put(bytes(name)).put((byte) 0);
      pad();
      out.put(content);
      pad();
    }

    private void pad() {
      while (out.position() % 4 != 0) {
        out.put((byte) 0);
      }
    }
  }
}
