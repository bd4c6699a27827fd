// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example of the package's documentation, compiled from there: it loses nothing to kill -9. */
@Timeout(180)
@Tag("slow")
class ExampleTest {
  private static final Path DOCUMENTATION =
      Path.of("src/main/java/io/pmem4j/pmem/package-info.java");
  private static final String IMPORTS =
      """
      import io.pmem4j.pmem.*;
      import java.io.IOException;
      import java.lang.foreign.Arena;
      import java.nio.file.Files;
      import java.nio.file.Path;
      """;

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @BeforeEach
  void compileTheExample() throws Exception {
    Path source = folder.resolve("Ledger.java");
    Files.writeString(source, IMPORTS + example());
    int exit =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                System.out,
                System.err,
                "-cp",
                ChildJvm.classPath(),
                "-d",
                folder.toString(),
                source.toString());
    assertThat(exit).isZero();
  }

  private static String example() throws Exception {
    String text = Files.readString(DOCUMENTATION);
    int begin = text.indexOf("{@snippet");
    String body =
        text.substring(text.indexOf('\n', begin) + 1, text.indexOf("\n * }\n *\n", begin));
    return body.lines()
        .map(line -> line.substring(Math.min(3, line.length())))
        .reduce("", (a, b) -> a + b + "\n");
  }

  @Test
  void theLedgerLosesNothingToKill9() throws Exception {
    Path file = folder.resolve("ledger");
    long atLeast = 0;
    for (int kills = 1; kills <= 3; kills++) {
      Path output = folder.resolve("output-" + kills);
      Process writer = start(file, output);
      long reached = killAfter(writer, output, file, atLeast + 200);
      // Everything that was seen committed before the kill is found by the next run.
      assertThat(found(folder.resolve("output-" + kills))).isGreaterThanOrEqualTo(atLeast);
      atLeast = reached;
    }
    Path last = folder.resolve("last");
    Process reader = start(file, last);
    killAfter(reader, last, file, atLeast + 1);
    assertThat(found(last)).isGreaterThanOrEqualTo(atLeast);
  }

  @Test
  void theLedgerNoticesALostEntry() throws Exception {
    Path file = folder.resolve("ledger");
    Path first = folder.resolve("first");
    killAfter(start(file, first), first, file, 100);
    try (Arena arena = Arena.ofConfined()) {
      Pmem.map(file, MapSpec.existing(), arena).publishLong(64 + 8 * 50, 0);
    }
    Path output = folder.resolve("second");
    Process reader = start(file, output);
    assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(reader.exitValue()).isNotZero();
    assertThat(output).content().contains("entry lost: 50");
  }

  /** The cookbook shows the same program. */
  @Test
  void theReadMeShowsIt() throws Exception {
    assertThat(OutsideProjectTest.block("docs/cookbook.md", "java")).endsWith(example());
  }

  private Process start(Path file, Path output) throws Exception {
    return ChildJvm.start(
        folder, output, folder + ":" + ChildJvm.classPath(), Map.of(), "Ledger", file.toString());
  }

  /**
   * Kills the writer once so many entries are committed; answers how many were seen. Between two
   * looks this thread waits for the one event that ends the wait early, the end of the writer.
   */
  static long killAfter(Process writer, Path output, Path file, long entries) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(file) || Files.size(file) < (1 << 24)) {
      awaitWriter(writer, output, deadline, "the ledger has no file");
    }
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion seen = Pmem.map(file, MapSpec.existing().backend(Backend.JDK).readOnly(), arena);
      while (seen.getLong(0) < entries) {
        awaitWriter(writer, output, deadline, "the ledger has " + seen.getLong(0) + " entries");
      }
      assertThat(writer.destroyForcibly().waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      return seen.getLong(0);
    }
  }

  /** Waits a moment for the end of the writer, which is a failure, as is the deadline. */
  private static void awaitWriter(Process writer, Path output, long deadline, String found)
      throws Exception {
    if (writer.waitFor(1, TimeUnit.MILLISECONDS)) {
      throw new AssertionError(
          "the ledger ended with " + writer.exitValue() + ": " + Files.readString(output));
    }
    if (System.nanoTime() - deadline > 0) {
      writer.destroyForcibly();
      throw new AssertionError(found + " after " + PATIENCE + ": " + Files.readString(output));
    }
  }

  static long found(Path output) throws Exception {
    String text = Files.readString(output);
    assertThat(text).contains(" entries found");
    return Long.parseLong(text.substring(0, text.indexOf(' ')));
  }
}
