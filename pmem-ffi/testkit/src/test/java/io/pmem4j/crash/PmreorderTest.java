// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PMDK's pmreorder judges the rules: on one line the states of X86 are those of its accumulative
 * engine, and those of JAVA are those of its full engine.
 */
class PmreorderTest {
  private static final List<Path> FOLDERS =
      Stream.of(
              Optional.ofNullable(System.getenv("PMREORDER")),
              Optional.of(System.getProperty("user.home") + "/.cache/pmem4j/pmreorder"),
              Optional.of("/usr/share/pmreorder"),
              Optional.of("/usr/local/share/pmreorder"))
          .flatMap(Optional::stream)
          .map(Path::of)
          .toList();

  @TempDir Path folder;

  @Test
  void aFewThousandTracesHaveTheStatesOfPmreorder() throws Exception {
    compare(2_000, 1);
  }

  @Test
  @Tag("slow")
  @Tag("long")
  void aHundredThousandTracesHaveTheStatesOfPmreorder() throws Exception {
    compare(100_000, 2);
  }

  private void compare(int traces, long seed) throws Exception {
    Optional<Path> pmreorder =
        FOLDERS.stream().filter(at -> Files.exists(at.resolve("statemachine.py"))).findFirst();
    boolean required = System.getenv("PMEM4J_REQUIRE_ALL") != null;
    assumeTrue(
        required || pmreorder.isPresent(),
        "pmreorder is in none of " + FOLDERS + "; run qemu/pmreorder, or set PMREORDER");
    List<StoreTrace> generated = new ArrayList<>();
    Random random = new Random(seed);
    for (int i = 0; i < traces; i++) {
      generated.add(trace(random, i % 2 == 0));
    }
    List<String> theirs = statesOfPmreorder(pmreorder.orElseThrow(), generated);
    long states = 0;
    for (int i = 0; i < traces; i++) {
      Set<String> ours = states(generated.get(i), mode(i));
      assertThat(ours)
          .as("%s: %s", mode(i), PmreorderLog.of(generated.get(i), "IMAGE"))
          .isEqualTo(new TreeSet<>(Arrays.asList(theirs.get(i).split(" "))));
      states += ours.size();
    }
    System.out.printf("%d traces, %d states: equal to pmreorder's%n", traces, states);
    assertThat(states).isGreaterThan(3L * traces);
  }

  private static CrashMode mode(int number) {
    return number % 2 == 0 ? CrashMode.X86 : CrashMode.JAVA;
  }

  /**
   * Returns a trace of one to three epochs of one to four stores to a line. The full engine
   * permutes stores that overlap, which no memory does, so those are for the accumulative one.
   */
  private static StoreTrace trace(Random random, boolean mayOverlap) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    int epochs = 1 + random.nextInt(3);
    for (int epoch = 0; epoch < epochs; epoch++) {
      boolean[] used = new boolean[64];
      int stores = 1 + random.nextInt(4);
      for (int i = 0; i < stores; i++) {
        int size = 1 << random.nextInt(4);
        int at = random.nextInt(mayOverlap ? 16 / size : 64 / size) * size;
        boolean free = true;
        for (int j = at; j < at + size; j++) {
          free &= !used[j];
          used[j] = true;
        }
        if (free || mayOverlap) {
          store(memory, at, size, random.nextLong() | 1);
        }
      }
      memory.flush(0, 64);
      memory.drain();
    }
    return memory.trace();
  }

  private static void store(RecordedMemory memory, int at, int size, long value) {
    switch (size) {
      case 1 -> memory.putByte(at, (byte) value);
      case 2 -> memory.putShort(at, (short) value);
      case 4 -> memory.putInt(at, (int) value);
      default -> memory.putLong(at, value);
    }
  }

  private static Set<String> states(StoreTrace trace, CrashMode mode) {
    Set<String> states = new TreeSet<>();
    CrashStates.of(trace)
        .mode(mode)
        .check((memory, acknowledged) -> {
          byte[] bytes = new byte[64];
          memory.read(0, bytes);
          states.add(HexFormat.of().formatHex(bytes));
        });
    return states;
  }

  private List<String> statesOfPmreorder(Path pmreorder, List<StoreTrace> traces) throws Exception {
    Path script = folder.resolve("pmreorder_states.py");
    try (InputStream text = getClass().getResourceAsStream("/pmreorder_states.py")) {
      Files.copy(text, script);
    }
    // pmreorder syncs each store; memory need not.
    Path images = Files.createTempDirectory(Path.of("/dev/shm"), "pmreorder");
    Process python =
        new ProcessBuilder("python3", script.toString(), pmreorder.toString(), images.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try (PrintWriter out =
                    new PrintWriter(python.getOutputStream(), false, StandardCharsets.UTF_8)) {
                  for (int i = 0; i < traces.size(); i++) {
                    String engine =
                        mode(i) == CrashMode.X86 ? "ReorderAccumulative" : "ReorderFull";
                    out.println(engine + " " + PmreorderLog.of(traces.get(i), "IMAGE"));
                  }
                }
              });
      List<String> lines = new ArrayList<>();
      try (BufferedReader in =
          new BufferedReader(
              new InputStreamReader(python.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          lines.add(line);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      writer.join();
      assertThat(python.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(lines.size()).isEqualTo(traces.size());
      return lines;
    } finally {
      python.destroyForcibly();
      Files.deleteIfExists(images.resolve("image"));
      Files.deleteIfExists(images.resolve("log"));
      Files.delete(images);
    }
  }
}
