// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.InMemory;
import io.pmem4j.pmem.KilledChild;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.runner.JUnitCore;
import org.junit.runner.Result;

/** Lucene's index on growing files: judged by Lucene's own tests, and killed. */
@Tag("slow")
@Timeout(240)
class LucenePortTest {
  private static final int KILLS = 3;

  @TempDir(factory = InMemory.class)
  Path folder;

  @Test
  void theDirectoryPassesTheTestsOfLucene() {
    Result result = new JUnitCore().run(PmemDirectoryCases.class);
    assertThat(result.getFailures()).isEmpty();
    assertThat(result.getRunCount()).isGreaterThan(40);
    System.out.printf(
        "BaseDirectoryTestCase: %d run, %d ignored by Lucene%n",
        result.getRunCount(), result.getIgnoreCount() + result.getAssumptionFailureCount());
  }

  @Test
  void nothingCommittedIsLost() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    Path index = folder.resolve("index");
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      acknowledged =
          KilledChild.run(
              folder,
              folder.resolve("output"),
              acknowledged,
              random.nextLong(1, 20),
              LuceneKill.class.getName(),
              index.toString());
      try (PmemDirectory directory = new PmemDirectory(index)) {
        assertThat(LuceneKill.documents(directory)).isBetween(acknowledged, acknowledged + 1);
      }
    }
  }
}
