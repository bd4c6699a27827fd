// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.ChildJvm;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SIGKILL at random moments: no acknowledged record is lost. {@code -Dpmem4j.kills=10000} makes it
 * long.
 */
@Tag("slow")
class DurableKillTest {
  private static final int KILLS = Integer.getInteger("pmem4j.kills", 5);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"log", "cell", "slots"})
  void nothingAcknowledgedIsLost(String structure) throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    Path path = folder.resolve(structure);
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path output = folder.resolve("output");
      Process child =
          ChildJvm.start(
              folder,
              output,
              ChildJvm.classPath(),
              Map.of(),
              DurableKill.class.getName(),
              structure,
              path.toString());
      long stop = acknowledged + random.nextLong(1, 400);
      try {
        while (acknowledged < stop && child.isAlive()) {
          acknowledged = last(output, acknowledged);
          Thread.onSpinWait();
        }
      } finally {
        child.destroyForcibly().waitFor();
      }
      acknowledged = last(output, acknowledged);
      assertThat(acknowledged).as(Files.readString(output)).isGreaterThanOrEqualTo(stop);
      assertThat(DurableKill.verify(structure, path)).isBetween(acknowledged, acknowledged + 1);
    }
  }

  private static long last(Path output, long before) throws Exception {
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
