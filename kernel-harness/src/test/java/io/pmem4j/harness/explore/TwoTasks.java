// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.ProgramRunner;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.program.TaskProgram;
import java.io.IOException;
import java.util.List;

/** A program whose tasks A and B run one operation each, at two preemptions. */
final class TwoTasks {
  private TwoTasks() {}

  /**
   * Explores the interleavings of both.
   *
   * @param before lines that end with the forks of both
   * @param operations of A and of B, with " | " between them
   * @param after lines when both have ended
   * @param judged whether promises of durability are judged
   */
  static Exploration explore(String before, String operations, String after, boolean judged)
      throws IOException, ProgramSyntaxException {
    List<String> both = List.of(operations.split(" \\| "));
    String text =
        before
            + "begin A %s\nbegin B %s\nawait A\nawait B\n"
                .formatted(both.getFirst(), both.getLast())
            + after;
    try (ProgramRunner runner =
        ProgramRunner.open(
            TaskProgram.of(ProgramParser.parse("tasks", text)),
            Profile.LINUX_5_10,
            LockOrder.MERGED,
            judged)) {
      return runner.explore(Explorer.bounded(2));
    }
  }
}
