// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign;

import java.nio.file.Path;
import java.util.List;

/** The command of a worker. */
public final class WorkerCommand {
  private WorkerCommand() {}

  /** Returns the command that runs a class in a JVM like this one. */
  public static List<String> of(Class<?> main) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        // JDK 25 without the stubs of the second compiler jumps to address 0 when a mapping of
        // persistent memory is forced.
        "-XX:+UnlockDiagnosticVMOptions",
        "-XX:-DelayCompilerStubsGeneration",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-XX:-CreateCoredumpOnCrash",
        "-XX:+ErrorFileToStderr",
        // Of stdout each line is read.
        "-XX:+DisplayVMOutputToStderr",
        "-Xshare:auto",
        "-Xmx128m",
        "-cp",
        System.getProperty("java.class.path"),
        main.getName());
  }
}
