// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * SIGKILL at each step of the making of a file: no file, or a whole one, and the next run works.
 */
@Timeout(120)
@Tag("slow")
class CreationKillTest {
  private static final int KILLED = 128 + 9;

  @TempDir(factory = InMemory.class)
  Path folder;

  static Stream<Arguments> steps() {
    List<Arguments> steps = new ArrayList<>();
    for (CreationStep step : CreationStep.values()) {
      for (Backend backend : Backend.values()) {
        steps.add(Arguments.of(step, backend, false));
      }
      if (step != CreationStep.MAPPED) {
        steps.add(Arguments.of(step, Backend.JDK, true));
      }
    }
    return steps.stream();
  }

  @ParameterizedTest
  @MethodSource("steps")
  void leavesNoFileOrAWholeOne(CreationStep step, Backend backend, boolean named) throws Exception {
    assumeTrue(backend == Backend.JDK || Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
    Path file = folder.resolve("file");
    List<String> words =
        new ArrayList<>(
            List.of(CreationKill.class.getName(), file.toString(), backend.name(), step.name()));
    if (named) {
      words.add("named");
    }
    ChildJvm.Result killed =
        ChildJvm.run(
            folder,
            Map.of("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1"),
            words.toArray(String[]::new));
    assertThat(killed.exit()).as(killed.output()).isEqualTo(KILLED);
    boolean expected = step.compareTo(CreationStep.NAMED) >= 0;
    assertThat(Files.exists(file)).isEqualTo(expected);
    if (expected) {
      assertThat(file).hasSize(CreationKill.BYTES);
    }
    try (Arena arena = Arena.ofConfined()) {
      MapSpec spec = MapSpec.openOrCreate(CreationKill.BYTES).exclusive().backend(backend);
      PmemRegion region = Pmem.map(file, spec, arena);
      assertThat(region.byteSize()).isEqualTo(CreationKill.BYTES);
      assertThat(region.getLong(CreationKill.BYTES - 8)).isZero();
      region.publishLong(0, 1);
    }
  }
}
