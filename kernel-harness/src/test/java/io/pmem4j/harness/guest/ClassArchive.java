// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.kernel.KernelImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The classes of a program, parsed and verified on the host by the guest's own JVM. That is half of
 * the work that a JVM on an emulated processor does before main.
 */
final class ClassArchive {
  private static final int BOUND_SECONDS = 120;

  private ClassArchive() {}

  /**
   * Runs a jar of a folder that becomes {@code /app}, and leaves {@code NAME.jsa} beside it.
   *
   * @param scratch an empty folder, for the run
   */
  static void train(Path folder, String name, Path scratch, String... arguments)
      throws IOException, InterruptedException {
    run(
        scratch,
        List.of("debugfs", "-R", "rdump /jdk " + scratch, KernelImages.jvmRoot().toString()));
    List<String> command = new ArrayList<>(GuestJvm.java());
    command.set(0, scratch.resolve("jdk/bin/java").toString());
    Path archive = folder.resolve(name + ".jsa");
    command.add("-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(List.of("-jar", folder.resolve(name + ".jar").toString()));
    command.addAll(List.of(arguments));
    run(scratch, command);
    assertThat(archive).isNotEmptyFile();
  }

  private static void run(Path scratch, List<String> command)
      throws IOException, InterruptedException {
    Path log = scratch.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try {
      assertThat(process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }
}
