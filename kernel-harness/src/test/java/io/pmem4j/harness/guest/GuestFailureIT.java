// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.Batch;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ways to fail that the kernel or the host has to be made to: each has an outcome of its own. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class GuestFailureIT {
  private static final String PROVOKE = "/sys/kernel/debug/provoke-crash/DIRECT";
  private static final Duration SHORT = Duration.ofSeconds(2);
  private static final long MIB = 1L << 20;

  @TempDir private Path directory;
  private GuestSpec spec;

  @BeforeEach
  void prepare() throws IOException {
    // One CPU: what turns on it leaves none to react.
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
    assertThat(e.getMessage()).startsWith(outcome.name()).doesNotContain("\n");
    return e;
  }

  /** In the middle of a batch, so that the report has an operation to name. */
  private static Request batchWith(String file, String content) {
    return Batch.of(
        List.of(
            Request.of(WireOp.PING),
            Request.of(Syscall.SYNC),
            Request.of(WireOp.WRITE_FILE).withStrings(file, content),
            Request.of(WireOp.PING)));
  }

  private static void command(String... words) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(words).inheritIO().start();
    try {
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(String.join(" ", words)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  private static Request fill(long fromMib, long mib) {
    return Request.of(WireOp.EXEC, 30_000)
        .withStrings(
            "/bin/busybox",
            "dd",
            "if=/dev/zero",
            "of=/dev/pmem0",
            "bs=1M",
            "conv=fsync",
            "seek=" + fromMib,
            "count=" + mib);
  }

  @Test
  void anOopsIsAnOopsAndNamesTheOperation() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(GuestOutcome.OOPS, () -> guest.request(batchWith(PROVOKE, "EXCEPTION")));
      assertThat(e)
          .hasMessageContaining("Oops: ")
          .hasMessageContaining("running WRITE_FILE, number 2 of its batch");
      assertThat(e.consoleTail()).anyMatch(line -> line.contains("lkdtm_EXCEPTION"));
      fails(GuestOutcome.OOPS, guest::check);
    }
  }

  @Test
  void aBugIsAnOopsToo() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(
              GuestOutcome.OOPS,
              () -> guest.request(Request.of(WireOp.WRITE_FILE).withStrings(PROVOKE, "BUG")));
      assertThat(e).hasMessageContaining("invalid opcode: ");
    }
  }

  @Test
  void aPanicInABatchNamesTheOperation() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(GuestOutcome.PANIC, () -> guest.request(batchWith("/proc/sysrq-trigger", "c")));
      assertThat(e).hasMessageContaining("running WRITE_FILE, number 2 of its batch");
    }
  }

  @Test
  void aCpuThatTakesNoInterruptIsAHang() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(GuestOutcome.HANG, () -> guest.request(batchWith(PROVOKE, "HARDLOCKUP"), SHORT));
      assertThat(e.getMessage())
          .containsSubsequence(
              "within 2.0 s",
              "ping: no answer",
              "sysrq: the kernel does not react",
              "QMP: running",
              "CPU 0 at ffffffff",
              "QEMU has quit");
      fails(GuestOutcome.HANG, () -> guest.request(Request.of(WireOp.PING)));
    }
  }

  /** As FIEMAP of a very large hole does: it sleeps nowhere and never returns. */
  @Test
  void aTaskThatRunsForeverInTheKernelIsATimeoutThatNamesTheOperation() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(GuestOutcome.TIMEOUT, () -> guest.request(batchWith(PROVOKE, "SOFTLOCKUP"), SHORT));
      assertThat(e.getMessage())
          .containsSubsequence(
              "sysrq: no task is stuck",
              "QEMU has quit",
              "running WRITE_FILE, number 2 of its batch");
    }
  }

  @Test
  void aTaskStuckInTheKernelIsAHangThatNamesItAndTheOperation() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      GuestException e =
          fails(GuestOutcome.HANG, () -> guest.request(batchWith(PROVOKE, "HUNG_TASK"), SHORT));
      assertThat(e.getMessage())
          .containsSubsequence(
              "ping: no answer",
              "sysrq: stuck task:op 2 state:D",
              "QMP: running",
              "QEMU has quit",
              "running WRITE_FILE, number 2 of its batch");
      assertThat(e.consoleTail()).anyMatch(line -> line.contains("lkdtm_HUNG_TASK"));
    }
  }

  @Test
  void aStoppedQemuIsAHangAndIsKilled() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      ProcessHandle qemu = ProcessHandle.of(guest.pid()).orElseThrow();
      command("kill", "-STOP", "" + qemu.pid());
      GuestException e =
          fails(GuestOutcome.HANG, () -> guest.request(Request.of(WireOp.PING), SHORT));
      assertThat(e.getMessage())
          .containsSubsequence(
              "ping: no answer",
              "sysrq: the kernel does not react",
              "QMP: no answer",
              "QEMU was killed");
      assertThat(qemu.isAlive()).isFalse();
    }
  }

  @Test
  void memoryThatRunsOutIsOutOfMemory() throws Exception {
    try (Guest guest = Guest.start(spec.withMemoryMebibytes(128))) {
      // A line without an end, kept in memory until it ends.
      Response response =
          guest.request(
              Request.of(WireOp.EXEC, 40_000).withStrings("/bin/busybox", "tail", "/dev/zero"));
      assertThat(response.result()).isEqualTo(128 + 9);
      GuestException e = fails(GuestOutcome.OOM, guest::check);
      assertThat(e).hasMessageContaining("(busybox)");
      assertThat(guest.request(Request.of(WireOp.PING)).result()).isZero();
      guest.check();
      guest.stop();
    }
  }

  @Test
  void aHostWithoutRoomForTheImageIsAFullDisk() throws Exception {
    Path small = Files.createDirectory(directory.resolve("small"));
    if (!"root".equals(System.getProperty("user.name"))) {
      throw Required.missing("only root mounts file systems");
    }
    command("mount", "-t", "tmpfs", "-o", "size=8m", "pmem4j", small.toString());
    try {
      Path image = small.resolve("nvdimm");
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(64 * MIB);
      }
      try (Guest guest = Guest.start(spec.withImage(image))) {
        GuestException e = fails(GuestOutcome.DISK_FULL, () -> guest.request(fill(0, 16)));
        assertThat(e).hasMessageContaining("signal 7").hasMessageContaining("bytes are left for");
        fails(GuestOutcome.DISK_FULL, guest::stop);
      }
    } finally {
      command("umount", small.toString());
    }
  }

  @Test
  void anImageOfAnotherSizeThanMeantIsRefused() throws Exception {
    Guest.start(spec.withImageBytes(64 * MIB)).close();
    GuestException e =
        fails(
            GuestOutcome.WRONG_IMAGE_SIZE,
            () -> Guest.start(spec.withImageBytes(32 * MIB)).close());
    assertThat(e).hasMessageContaining("67108864").hasMessageContaining("33554432");
    try (RandomAccessFile file = new RandomAccessFile(spec.image().toFile(), "rw")) {
      file.setLength(63 * MIB);
    }
    fails(GuestOutcome.WRONG_IMAGE_SIZE, () -> Guest.start(spec).close());
  }

  @Test
  void anImageCutShortUnderTheGuestHasTheWrongSize() throws Exception {
    try (Guest guest = Guest.start(spec)) {
      try (RandomAccessFile file = new RandomAccessFile(spec.image().toFile(), "rw")) {
        file.setLength(32 * MIB);
      }
      GuestException e = fails(GuestOutcome.WRONG_IMAGE_SIZE, () -> guest.request(fill(40, 4)));
      assertThat(e).hasMessageContaining("had 67108864 bytes and now has 33554432");
    }
  }
}
