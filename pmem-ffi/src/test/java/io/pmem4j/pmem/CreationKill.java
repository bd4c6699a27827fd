// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * Creates a file and is killed at one step of that, in a JVM of its own. Arguments: file, backend,
 * the step, and {@code named} where the file system is to look as if it had no O_TMPFILE.
 */
final class CreationKill {
  static final int BYTES = 1 << 20;

  private CreationKill() {}

  public static void main(String[] arguments) throws Exception {
    CreationStep last = CreationStep.valueOf(arguments[2]);
    MappingParts parts =
        new MappingParts(
            UseGuard::of,
            (range, at, bytes) -> range.forced(at, bytes).force(),
            step -> {
              if (step == last) {
                killed();
              }
            });
    MapSpec spec = MapSpec.openOrCreate(BYTES);
    Path file = Path.of(arguments[0]);
    if (arguments.length > 3) {
      try (NewFile made = NewFile.makeNamed(file, spec, parts.steps())) {
        made.publish();
      }
    } else {
      try (Arena arena = Arena.ofShared()) {
        RegionMapper.map(file, spec, arena, Backend.valueOf(arguments[1]), parts);
      }
    }
    System.out.println("not killed");
  }

  private static void killed() {
    try {
      String self = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-9", self).start().waitFor();
      Thread.sleep(Long.MAX_VALUE);
    } catch (IOException | InterruptedException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
