// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.KilledChild;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.store.fs.FilePath;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** H2's MVStore on the channel of a growing file, killed and verified. */
@Tag("slow")
@Timeout(240)
class H2PortTest {
  private static final int KILLS = 5;

  @TempDir Path folder;

  @Test
  void nothingCommittedIsLost() throws Exception {
    FilePath.register(new H2FilePath());
    SplittableRandom random = new SplittableRandom(1);
    Path path = folder.resolve("store");
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path output = folder.resolve("output");
      acknowledged =
          KilledChild.run(
              folder,
              output,
              acknowledged,
              random.nextLong(1, 200),
              H2Kill.class.getName(),
              path.toString());
      verify(path, acknowledged);
    }
    assertThat(Files.size(path)).isPositive();
  }

  private static void verify(Path path, long acknowledged) {
    try (MVStore store = H2Kill.open(path.toString())) {
      MVMap<Long, String> map = store.openMap("entries");
      long last = map.lastKey();
      assertThat(last).isBetween(acknowledged, acknowledged + 1);
      for (long n = 1; n <= last; n++) {
        boolean removed = removedBy(n, last);
        assertThat(map.get(n))
            .as("entry %d of %d", n, last)
            .isEqualTo(removed ? null : H2Kill.value(n));
      }
    }
  }

  /** Returns true if a multiple of three up to the last one halves to this. */
  private static boolean removedBy(long n, long last) {
    for (long by = 2 * n; by <= 2 * n + 1; by++) {
      if (by % 3 == 0 && by <= last) {
        return true;
      }
    }
    return false;
  }
}
