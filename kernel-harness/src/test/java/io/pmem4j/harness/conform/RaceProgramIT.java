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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that park tasks in the kernel show the races of the letter of 2015. */
@Tag("kernels")
class RaceProgramIT {
  private static final int ROUNDS = 20;

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

  /** One boot of each kernel runs all its rows of the table, {@link #ROUNDS} times. */
  @ParameterizedTest
  @MethodSource("kernels")
  void theKernelAnswersAsTheTableSaysEveryTime(String kernel) throws Exception {
    List<RaceTable.Row> rows =
        RaceTable.of("guest").stream().filter(row -> row.kernel().equals(kernel)).toList();
    List<Program> programs = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      for (RaceTable.Row row : rows) {
        programs.add(row.load());
      }
    }
    List<ProgramResult> results = run(kernel, programs);
    assertThat(results).hasSize(ROUNDS * rows.size());
    for (int i = 0; i < results.size(); i++) {
      rows.get(i % rows.size()).judge(results.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"merged", "unlocked", "6.1"})
  void everyPointIsOneOfTheKernels(String kernel) throws Exception {
    StringBuilder text = new StringBuilder("open f /a rw creat\nfork F\n");
    for (String point : Points.ALL) {
      text.append("park F ").append(point).append(" => result=0\n");
      text.append("release F ").append(point).append(" => result=0\n");
    }
    Program program = ProgramParser.parse("points", text.toString());
    assertThat(run(kernel, List.of(program)).getFirst().findings()).isEmpty();
  }
}
