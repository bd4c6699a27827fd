// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.guest.qemu.GuestSpec;
import io.pmem4j.harness.guest.qemu.QemuLauncher;
import io.pmem4j.harness.kernel.CheckoutScript;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.kernel.KernelImages;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.wire.Deadline;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.harness.wire.GuestOutcome;
import io.pmem4j.harness.wire.Request;
import io.pmem4j.harness.wire.WireOp;
import io.pmem4j.sched.Scheduler;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * QEMU in a container gives the same answers as QEMU on the host, and leaves nothing on the host.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@Tag("containers")
class ContainerIT {
  private static final Duration GONE_BOUND = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private String image = "";

  @BeforeEach
  void engine() throws Exception {
    Required.programs("docker", "mke2fs", "e2fsck");
    if (docker("version") == null) {
      throw Required.missing("no container engine answers; ./pmem4j setup containers starts one");
    }
    image = CheckoutScript.run(Duration.ofMinutes(20), GuestFiles.containerBuild()).getLast();
    assertThat(containers()).as("containers of an earlier run").isEmpty();
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (!image.isEmpty()) {
      awaitNoContainer();
    }
  }

  /** Returns the output of the engine's client, or null if it fails. */
  private static @Nullable String docker(String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectError(Redirect.DISCARD)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0 ? text.strip() : null;
  }

  private String containers() throws IOException, InterruptedException {
    String ids = docker("ps", "--all", "--quiet", "--filter", "ancestor=" + image);
    return ids == null ? "the engine does not answer" : ids;
  }

  private void awaitNoContainer() throws IOException, InterruptedException {
    Deadline deadline = Deadline.after(GONE_BOUND);
    String left = containers();
    while (!left.isEmpty() && !deadline.passed()) {
      left = containers();
    }
    assertThat(left).as("containers").isEmpty();
  }

  @Test
  void theModelAgreesWithAKernelInAContainer() throws Exception {
    try (Backends backends =
        Backends.open(List.of("model", "container:merged"), Scheduler.production())) {
      String network =
          docker(
              "inspect",
              "--format",
              "{{.HostConfig.NetworkMode}} {{.HostConfig.Privileged}}",
              containers());
      assertThat(network).isEqualTo("none false");
      Conformance conformance = new Conformance(backends);
      List<ProgramResult> results =
          ProgramLibrary.shipped().stream()
              .filter(program -> Set.of("G1", "G2", "G12", "G14").contains(program.id()))
              .map(conformance::run)
              .toList();
      assertThat(results)
          .hasSize(4)
          .allSatisfy(result -> {
            assertThat(result.findings()).as(result.program().name()).isEmpty();
            assertThat(result.verdict()).isEqualTo(ProgramResult.Verdict.AGREED);
          });
    }
  }

  private GuestSpec spec() throws IOException {
    Path nvdimm = directory.resolve("nvdimm");
    try (RandomAccessFile file = new RandomAccessFile(nvdimm.toFile(), "rw")) {
      file.setLength(64L << 20);
    }
    return new GuestSpec(
            KernelImages.kernel("merged"), KernelImages.initrd(), nvdimm, directory.resolve("work"))
        .withLauncher(QemuLauncher.CONTAINER);
  }

  @Test
  void aPanicInAContainerIsAPanic() throws Exception {
    try (Guest guest = Guest.start(spec())) {
      GuestException e =
          catchThrowableOfType(
              GuestException.class,
              () ->
                  guest.request(
                      Request.of(WireOp.WRITE_FILE).withStrings("/proc/sysrq-trigger", "c")));
      assertThat(e.outcome()).as(e.getMessage()).isEqualTo(GuestOutcome.PANIC);
      assertThat(e.consoleTail()).anyMatch(line -> line.contains("sysrq triggered crash"));
    }
  }

  @Test
  void aKilledJvmLeavesNoContainer() throws Exception {
    GuestSpec spec = spec();
    Process jvm =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                BootAndWait.class.getName(),
                spec.kernel().toString(),
                spec.initrd().toString(),
                spec.image().toString(),
                spec.workDirectory().toString(),
                "CONTAINER")
            .redirectInput(Redirect.from(new File("/dev/null")))
            .redirectError(Redirect.DISCARD)
            .start();
    try (BufferedReader out = jvm.inputReader()) {
      assertThat(out.readLine()).containsOnlyDigits();
      assertThat(containers()).isNotEmpty();
      jvm.destroyForcibly();
      assertThat(jvm.waitFor(30, TimeUnit.SECONDS)).isTrue();
      awaitNoContainer();
    } finally {
      jvm.destroyForcibly().waitFor();
    }
  }
}
