// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that does not export {@code jdk.internal.vm} explores, and says which flag it lacks. */
@Timeout(120)
class MissingFlagTest {
  private static final int LIMIT_SECONDS = 60;
  private static final Pattern FLAG = Pattern.compile("--add-exports (\\S+)");
  private static final String JARS =
      Objects.toString(System.getProperty("jdk.module.path"), "")
          + File.pathSeparator
          + System.getProperty("java.class.path");

  @TempDir Path folder;

  /** Runs a JVM to its end; returns its output and errors. */
  private String java(List<String> flags, List<String> main) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(main);
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
      assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(log);
  }

  /** Runs without the flag, then with the one that the warning names. */
  private void namesTheFlagForThe(String module, List<String> main) throws Exception {
    String without = java(List.of(), main);
    assertThat(without).contains("continuations false, findings 2");
    List<String> flags =
        FLAG.matcher(without).results().map(MatchResult::group).toList(); // warned once
    assertThat(flags).containsExactly("--add-exports java.base/jdk.internal.vm=" + module);
    assertThat(java(List.of(flags.getFirst().split(" ", -1)), main))
        .isEqualTo("continuations true, findings 2\n");
  }

  @Test
  void onTheClassPath() throws Exception {
    namesTheFlagForThe(
        "ALL-UNNAMED",
        List.of("-cp", "target/test-classes:" + JARS, LostUpdateMain.class.getName()));
  }

  @Test
  void onTheModulePath() throws Exception {
    String module = Explorer.class.getModule().getName();
    namesTheFlagForThe(
        "io.pmem4j.testkit",
        List.of(
            "-p",
            System.getProperty("jdk.module.path"),
            "--patch-module",
            module + "=target/test-classes",
            "-m",
            module + "/" + LostUpdateMain.class.getName()));
  }
}
