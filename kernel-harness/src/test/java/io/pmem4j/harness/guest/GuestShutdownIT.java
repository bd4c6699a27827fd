// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.guest.qemu.GuestSpec;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that exits or is killed takes its guest with it. */
class GuestShutdownIT {
  @TempDir private Path directory;

  @Test
  @Timeout(120)
  void aTerminatedJvmLeavesNoQemu() throws Exception {
    // SIGTERM, whose way through the JVM is that of ctrl-C.
    theGuestEndsWith(Process::destroy);
  }

  /** After SIGKILL no hook runs: the kernel ends the guest by the parent-death signal. */
  @Test
  @Timeout(120)
  void aKilledJvmLeavesNoQemu() throws Exception {
    theGuestEndsWith(Process::destroyForcibly);
  }

  private void theGuestEndsWith(Consumer<Process> end) throws Exception {
    GuestSpec spec = KernelFixture.open(directory).spec();
    Process jvm =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                BootAndWait.class.getName(),
                spec.kernel().toString(),
                spec.initrd().toString(),
                spec.image().toString(),
                spec.workDirectory().toString())
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out = jvm.inputReader()) {
      String line = out.readLine();
      assertThat(line).containsOnlyDigits();
      long qemu = Long.parseLong(line);
      assertThat(runs(qemu)).isTrue();
      end.accept(jvm);
      assertThat(jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (runs(qemu) && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      assertThat(runs(qemu)).as("QEMU, process " + qemu).isFalse();
    } finally {
      jvm.descendants().forEach(ProcessHandle::destroyForcibly);
      jvm.destroyForcibly().waitFor();
    }
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  /** A killed orphan may wait for an init that never asks: it has ended all the same. */
  private static boolean runs(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return !stat.substring(stat.lastIndexOf(')') + 2).startsWith("Z");
    } catch (IOException e) {
      return false;
    }
  }
}
