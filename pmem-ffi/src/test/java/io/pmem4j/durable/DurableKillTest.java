// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.KilledChild;
import java.nio.file.Path;
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
  @ValueSource(strings = {"log", "cell", "slots", "map"})
  void nothingAcknowledgedIsLost(String structure) throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    Path path = folder.resolve(structure);
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path output = folder.resolve("output");
      acknowledged =
          KilledChild.run(
              folder,
              output,
              acknowledged,
              random.nextLong(1, 400),
              DurableKill.class.getName(),
              structure,
              path.toString());
      assertThat(DurableKill.verify(structure, path)).isBetween(acknowledged, acknowledged + 1);
    }
  }
}
