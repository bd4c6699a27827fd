// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.Points;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Programs that park tasks in the kernel show the races of the letter of 2015. {@code
 * -Dpmem4j.race.rounds=20} repeats them more often than the suite has time for.
 */
@Tag("kernels")
class RaceProgramIT {
  private static final int ROUNDS = Integer.getInteger("pmem4j.race.rounds", 5);

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
  }

  private static List<ProgramResult> run(String kernel, List<Program> programs) throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Backends backends = Backends.open(List.of("guest:" + kernel), Scheduler.production())) {
      new Conformance(backends).run(programs, results::add);
    }
    return results;
  }

  static List<String> kernels() throws IOException {
    return RaceTable.of("guest").stream().map(RaceTable.Row::kernel).distinct().toList();
  }

  /**
   * One boot of each kernel runs all its rows of the table, {@link #ROUNDS} times or once at the
   * end, and has every point.
   */
  @ParameterizedTest
  @MethodSource("kernels")
  void theKernelAnswersAsTheTableSaysEveryTime(String kernel) throws Exception {
    Map<Boolean, List<RaceTable.Row>> rows =
        RaceTable.of("guest").stream()
            .filter(row -> row.kernel().equals(kernel))
            .collect(Collectors.partitioningBy(RaceTable.Row::isOnceInABoot));
    List<RaceTable.Row> wanted = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      wanted.addAll(rows.get(false));
    }
    wanted.addAll(rows.get(true));
    List<Program> programs = new ArrayList<>();
    programs.add(everyPoint());
    for (RaceTable.Row row : wanted) {
      programs.add(row.load());
    }
    List<ProgramResult> results = run(kernel, programs);
    assertThat(results).hasSize(programs.size());
    assertThat(results.getFirst().findings()).as("points of " + kernel).isEmpty();
    for (int i = 0; i < wanted.size(); i++) {
      wanted.get(i).judge(results.get(i + 1));
    }
  }

  private static Program everyPoint() throws Exception {
    StringBuilder text = new StringBuilder("open f /a rw creat\nfork F\n");
    for (String point : Points.ALL) {
      text.append("park F ").append(point).append(" => result=0\n");
      text.append("release F ").append(point).append(" => result=0\n");
    }
    return ProgramParser.parse("points", text.toString());
  }
}
