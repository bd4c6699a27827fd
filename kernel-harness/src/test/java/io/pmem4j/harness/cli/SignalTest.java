// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The end of a run by a signal leaves nothing in the user's directory. */
@Tag("slow")
class SignalTest {
  @TempDir private Path folder;
  private Path programs;
  private Path place;

  @BeforeEach
  void programThatIsUnderWayForAMinute() throws IOException {
    programs = Files.createDirectory(folder.resolve("programs"));
    place = Files.createDirectory(folder.resolve("place"));
    Files.writeString(
        programs.resolve("a.p4j"),
        // A real second passes for each of the program's.
        "scope posix\n\nopen f /a rw creat\nsetflags /a 16\n" + "clock 1\nfstat f\n".repeat(60));
  }

  private Process run() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "run",
            programs.toString(),
            "--on",
            "host:" + place)
        .redirectErrorStream(true)
        .start();
  }

  /** Waits until the program has made its file, which happens in its first second of sixty. */
  private static void untilUnderWay(Process process, Path place) throws Exception {
    try (WatchService watch = place.getFileSystem().newWatchService()) {
      place.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(50);
      while (!hasFile(place)) {
        assertThat(process.isAlive()).as("the run is under way").isTrue();
        assertThat(System.nanoTime()).as("time").isLessThan(end);
        // The directory is created some levels down; the watch only paces the look.
        watch.poll(20, TimeUnit.MILLISECONDS);
      }
    }
  }

  private static boolean hasFile(Path place) throws IOException {
    try (Stream<Path> tree = Files.walk(place)) {
      return tree.anyMatch(path -> path.getFileName().toString().equals("a"));
    } catch (UncheckedIOException e) {
      return false; // a probe's directory went away meanwhile
    }
  }

  private static List<Path> entries(Path place) throws IOException {
    try (Stream<Path> entries = Files.list(place)) {
      return entries.toList();
    }
  }

  private static void signal(String name, Process process) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    assertThat(kill.waitFor()).isZero();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143", "HUP, 129"})
  void aSignalEndsTheRunAndItsFiles(String name, int status) throws Exception {
    Process process = run();
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      untilUnderWay(process, place);
      signal(name, process);
      assertThat(process.exitValue()).isEqualTo(status);
      assertThat(lines.lines().toList().toString())
          .as("nothing is reported about the end")
          .doesNotContain("pmem4j:", "HARNESS_FAULT", "Exception");
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(entries(place)).isEmpty();
  }

  @Test
  void theNextRunRemovesWhatAKilledOneLeft() throws Exception {
    Process process = run();
    try {
      untilUnderWay(process, place);
      signal("KILL", process);
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThat(entries(place)).hasSize(1);
    Path mine = Files.createDirectory(place.resolve("pmem4j-of-the-user"));
    Files.writeString(programs.resolve("a.p4j"), "scope posix\n\nopen f /a rw creat\n");
    Ran next = Ran.run("run", programs.toString(), "--on", "host:" + place);
    assertThat(next.out()).contains("1 agreed");
    assertThat(entries(place)).containsExactly(mine);
  }
}
