// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** A JVM that prints {@code acknowledged N} for each number it has made durable, until SIGKILL. */
public final class KilledChild {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private KilledChild() {}

  /**
   * Runs {@code main} until it has acknowledged some numbers more, and kills it.
   *
   * @param folder gets the JVM's error files
   * @param output gets what the JVM prints
   * @param before the last number that an earlier run acknowledged
   * @param further the numbers to wait for, at least 1
   * @return the last number acknowledged
   */
  public static long run(Path folder, Path output, long before, long further, String... main)
      throws IOException, InterruptedException {
    Process child = ChildJvm.start(folder, output, ChildJvm.classPath(), Map.of(), main);
    long end = System.nanoTime() + LIMIT.toNanos();
    try {
      while (last(output, before) < before + further
          && child.isAlive()
          && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    long acknowledged = last(output, before);
    assertThat(acknowledged).as(Files.readString(output)).isGreaterThanOrEqualTo(before + further);
    return acknowledged;
  }

  private static long last(Path output, long before) throws IOException {
    long last = before;
    try (BufferedReader lines = Files.newBufferedReader(output)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.matches("acknowledged [0-9]+")) {
          last = Math.max(last, Long.parseLong(line.substring(13)));
        }
      }
    }
    return last;
  }
}
