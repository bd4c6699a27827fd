// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

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
    Process child =
        ChildJvm.builder(folder, ChildJvm.classPath(), List.of(), main)
            .redirectErrorStream(true)
            .start();
    long acknowledged = before;
    // Ends the output, and so the loop.
    CompletableFuture<?> watch =
        CompletableFuture.runAsync(
            child.toHandle()::destroyForcibly,
            CompletableFuture.delayedExecutor(LIMIT.toSeconds(), TimeUnit.SECONDS));
    try (BufferedReader lines = child.inputReader();
        BufferedWriter kept = Files.newBufferedWriter(output)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        kept.write(line + "\n");
        if (line.matches("acknowledged [0-9]+")) {
          acknowledged = Math.max(acknowledged, Long.parseLong(line.substring(13)));
        }
        if (acknowledged >= before + further) {
          child.toHandle().destroyForcibly(); // the output stays open, to its end
        }
      }
    } finally {
      watch.cancel(false);
      child.destroyForcibly().waitFor();
    }
    assertThat(acknowledged).as(Files.readString(output)).isGreaterThanOrEqualTo(before + further);
    return acknowledged;
  }
}
