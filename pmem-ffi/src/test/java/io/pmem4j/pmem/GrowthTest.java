// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Growing files under SIGKILL and on a full disk. */
@Tag("slow")
@Timeout(240)
class GrowthTest {
  private static final int KILLS = 6;

  @TempDir(factory = InMemory.class)
  Path folder;

  private static void assume(Backend backend) {
    assumeTrue(backend == Backend.JDK || Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
  }

  /** After each kill the file has one name, and every acknowledged entry. */
  @ParameterizedTest
  @EnumSource(Backend.class)
  void nothingAcknowledgedIsLost(Backend backend) throws Exception {
    assume(backend);
    SplittableRandom random = new SplittableRandom(1);
    long acknowledged = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Path output = Files.createTempFile(folder, "child", ".out");
      Path files = Files.createDirectories(folder.resolve("files"));
      acknowledged =
          KilledChild.run(
              folder,
              output,
              acknowledged,
              random.nextLong(1, 60),
              GrowthKill.class.getName(),
              files.toString(),
              backend.name());
      try (var names = Files.list(files)) {
        assertThat(names).hasSize(1);
      }
      MapSpec spec = MapSpec.existing().exclusive().backend(backend);
      try (PmemFile file = PmemFile.open(GrowthKill.current(files), spec)) {
        assertThat(GrowthKill.verify(file)).isBetween(acknowledged, acknowledged + 1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Backend.class)
  void aFullDiskIsAnException(Backend backend) throws Exception {
    assume(backend);
    for (Map<String, String> environment :
        java.util.List.of(Map.<String, String>of(), Map.of("PMEM_IS_PMEM_FORCE", "1"))) {
      ChildJvm.Result result =
          Mounted.run(
              folder,
              "mount -t tmpfs -o size=2m none $1",
              environment,
              GrowthOnFullDisk.class,
              backend.name());
      assertThat(result.exit()).as(result.output()).isZero();
      assertThat(result.output())
          .containsPattern("extend: No space left on device, length 1048576")
          .contains("stores: all there")
          .containsPattern("channel: .*No space left on device")
          .contains("hole: no memory")
          .contains("with room again: 1052672");
    }
  }
}
