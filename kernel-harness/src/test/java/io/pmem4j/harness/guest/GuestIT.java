// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.Response;
import io.pmem4j.harness.wire.WireOp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real kernel under QEMU answers the requests of the agent's protocol. */
class GuestIT {
  @TempDir private Path directory;

  @Test
  void bootsAnswersAndStopsWithNothingLeft() throws Exception {
    GuestSpec spec = KernelFixture.open(directory).spec();
    long begin = System.nanoTime();
    Guest guest = Guest.start(spec);
    System.out.printf("booted in %.1f s%n", (System.nanoTime() - begin) / 1e9);
    try (guest) {
      Handshake hello = guest.hello();
      assertThat(hello.kernel()).startsWith("5.10.").endsWith("-merged");
      assertThat(hello.daxError()).isNull();
      assertThat(hello.device()).isEqualTo("/dev/pmem0");
      assertThat(hello.resource()).isPositive();
      assertThat(hello.sizeBytes()).isEqualTo(62L << 20);
      assertThat(guest.console().file()).isNotEmptyFile();

      assertThat(guest.request(Request.of(WireOp.PING)).result()).isZero();
      byte[] big = new byte[1 << 20];
      new Random(1).nextBytes(big);
      String path = "/tmp/big";
      assertThat(guest.request(Request.of(Syscall.OPEN, 3, 0102, 0644).withStrings(path)).result())
          .isZero();
      assertThat(guest.request(Request.of(Syscall.PWRITE, 3, 0).withBlob(big)).result())
          .isEqualTo(big.length);
      assertThat(guest.request(Request.of(Syscall.PREAD, 3, 0, big.length)).data()).isEqualTo(big);
      assertThat(guest.request(Request.of(Syscall.CLOSE, 3)).result()).isZero();

      Response missing = guest.request(Request.of(WireOp.READ_FILE, 10).withStrings("/nothing"));
      assertThat(missing.result()).isEqualTo(-1);
      assertThat(missing.errno()).isEqualTo(2);
      Response echo =
          guest.request(Request.of(WireOp.EXEC, 10_000).withStrings("/bin/echo", "word"));
      assertThat(new String(echo.data(), StandardCharsets.UTF_8)).isEqualTo("word\n");
      // Longer than its second: it has been run, and it says so.
      Request slow = Request.of(WireOp.EXEC, 10_000).withStrings("/bin/sleep", "1.1");
      assertThat(guest.request(slow.withClock(1_444_428_128L)))
          .matches(Response::isLate)
          .extracting(Response::result)
          .isEqualTo(0L);

      assertThat(guest.lockdepOn()).isTrue();
      // Whatever the kernel says while it boots, it is no report.
      guest.check();
      guest.check();
      begin = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        guest.request(Request.of(WireOp.PING));
      }
      System.out.printf("%.2f ms a request%n", (System.nanoTime() - begin) / 1e9);
      begin = System.nanoTime();
      for (int i = 0; i < 100; i++) {
        guest.check();
      }
      System.out.printf("%.2f ms a check%n", (System.nanoTime() - begin) / 1e8);
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  @Test
  void aReportOnTheConsoleIsFoundByTheNextCheckAndOnlyByThat() throws Exception {
    GuestSpec spec = KernelFixture.open(directory).spec();
    try (Guest guest = Guest.start(spec)) {
      guest.check();
      guest.request(
          Request.of(WireOp.WRITE_FILE)
              .withStrings("/dev/kmsg", "<1>WARNING: possible recursive locking detected\n"));
      assertThatThrownBy(guest::check)
          .isInstanceOfSatisfying(
              GuestException.class, e -> assertThat(e.outcome()).isEqualTo(GuestOutcome.SPLAT))
          .hasMessageContaining("possible recursive locking");
      guest.check();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }

  @Test
  void aLongWorkDirectoryDoesNotKeepTheSocketsFromWorking() throws Exception {
    GuestSpec spec = KernelFixture.open(directory).spec();
    Path deep = Files.createDirectories(directory.resolve("d".repeat(100)).resolve("e"));
    try (Guest guest = Guest.start(spec.withWorkDirectory(deep))) {
      assertThat(guest.request(Request.of(WireOp.PING)).result()).isZero();
      guest.stop();
    }
    KernelFixture.assertNothingLeft(spec);
  }
}
