// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.jni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JVM's own signals survive guarded accesses beside them. */
class BridgeUnderLoadTest {
  /** Built with the guard keeping faults that are not its own. */
  private static final Path SEEDED = Path.of("target", "native", "seeded", "libpmem4j_jni.so");

  @TempDir private Path directory;

  private record Ran(int status, String output) {}

  /**
   * C1 compiles every dereference as an implicit null check and never learns otherwise, so level 1
   * is the one with a SIGSEGV for each; the other levels have the deoptimisations.
   */
  @ParameterizedTest
  @ValueSource(strings = {"-XX:TieredStopAtLevel=1", "-XX:+UseParallelGC"})
  void theMachinesOwnSignalsGoOn(String flag) throws Exception {
    Ran ran = busy(flag, "");
    assertThat(ran.status()).as(ran.output()).isZero();
    assertThat(count(ran.output(), "guarded")).isGreaterThanOrEqualTo(8_000);
    for (String kind : List.of("nullChecks", "stackOverflows", "mappedBuffers", "collections")) {
      assertThat(count(ran.output(), kind)).as(kind).isGreaterThanOrEqualTo(20);
    }
  }

  @Test
  void aGuardThatKeepsForeignFaultsIsFound() throws Exception {
    Path classes = directory.resolve("seeded");
    Path folder = Files.createDirectories(classes.resolve("native/linux-x86_64"));
    Files.copy(SEEDED, folder.resolve("libpmem4j_jni.so"));
    Ran ran = busy("-XX:TieredStopAtLevel=1", classes + File.pathSeparator);
    assertThat(ran.status()).as(ran.output()).isNotZero();
  }

  private static long count(String output, String kind) {
    return Pattern.compile(kind + "=(\\d+)")
        .matcher(output)
        .results()
        .mapToLong(found -> Long.parseLong(found.group(1)))
        .sum();
  }

  private Ran busy(String flag, String classPathPrefix) throws IOException, InterruptedException {
    Path log = directory.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                flag,
                "-Xmx64m",
                "-Xss512k",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + directory.resolve("hs_err"),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPathPrefix + System.getProperty("java.class.path"),
                BusyMachine.class.getName(),
                directory.resolve("file").toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      return new Ran(-1, "took longer than two minutes");
    }
    return new Ran(process.exitValue(), Files.readString(log, StandardCharsets.UTF_8));
  }
}
