// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that is told to end takes its guest with it. */
class GuestShutdownIT {
  @TempDir private Path directory;

  @Test
  @Timeout(120)
  void aTerminatedJvmLeavesNoQemu() throws Exception {
    GuestSpec spec = Laboratory.open(directory).spec();
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
      ProcessHandle qemu = ProcessHandle.of(Long.parseLong(line)).orElseThrow();
      assertThat(qemu.isAlive()).isTrue();
      jvm.destroy(); // SIGTERM, whose way through the JVM is that of ctrl-C
      assertThat(jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(qemu.isAlive()).isFalse();
    } finally {
      jvm.descendants().forEach(ProcessHandle::destroyForcibly);
      jvm.destroyForcibly().waitFor();
    }
    Laboratory.assertNothingLeft(spec);
  }
}
