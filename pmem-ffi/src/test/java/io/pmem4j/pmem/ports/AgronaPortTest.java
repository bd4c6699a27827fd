// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.InMemory;
import io.pmem4j.pmem.KilledChild;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** agrona's ring buffer over a region, killed and read back. */
@Tag("slow")
@Timeout(240)
class AgronaPortTest {
  private static final int KILLS = 5;
  private static final Pattern RECOVERED = Pattern.compile("recovered (\\d+) (\\d+)");

  @TempDir(factory = InMemory.class)
  Path folder;

  @Test
  void nothingSentIsLost() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path output = folder.resolve("output");
      long before = acknowledged;
      acknowledged =
          KilledChild.run(
              folder,
              output,
              before,
              random.nextLong(1, 1000),
              "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
              RingKill.class.getName(),
              folder.resolve("ring").toString());
      Matcher recovered = RECOVERED.matcher(Files.readString(output));
      assertThat(recovered.find()).isTrue();
      long last = Long.parseLong(recovered.group(2));
      assertThat(last).isBetween(before, before + 1);
      assertThat(Long.parseLong(recovered.group(1))).isLessThanOrEqualTo(last);
    }
  }
}
