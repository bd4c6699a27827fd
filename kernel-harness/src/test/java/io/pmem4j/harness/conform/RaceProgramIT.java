// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.Points;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  private static Program shipped(String name) throws Exception {
    return ProgramLibrary.shipped().stream()
        .filter(program -> program.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** The same for every kernel. */
  private static Program anywhere(Program program) throws Exception {
    return ProgramParser.parse(
        program.name(), ProgramText.of(program).replaceAll("(?m)^kernels .*\n", ""));
  }

  @ParameterizedTest
  @CsvSource({
    "unlocked,             race-fault-truncate-damage",
    "before,               race-fault-truncate-damage",
    "patch1,               race-fault-truncate-damage",
    "truncate-mutex-first, race-fault-truncate-damage",
    "merged,               race-fault-truncate-blocked",
    "series,               race-fault-truncate-blocked",
    "posted-order,         race-fault-truncate-blocked",
    "6.1,                  race-fault-truncate-blocked",
  })
  void theRaceDoesDamageWithoutTheLockAndBlocksUnderItEveryTime(String kernel, String runs)
      throws Exception {
    List<Program> races = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      races.addAll(
          ProgramLibrary.shipped().stream()
              .filter(program -> program.name().startsWith("race-fault-truncate-"))
              .toList());
    }
    Map<String, Integer> agreed = new TreeMap<>();
    for (ProgramResult result : run(kernel, races)) {
      assertThat(result.findings()).as(result.program().name()).isEmpty();
      if (result.verdict() == Verdict.AGREED) {
        agreed.merge(result.program().name(), 1, Integer::sum);
      }
    }
    assertThat(agreed).containsExactly(Map.entry(runs, ROUNDS));
  }

  /** The programs tell the kernels apart: each is refuted by the other's. */
  @Test
  void aKernelWithoutTheLockDoesNotBlock() throws Exception {
    Program blocked = anywhere(shipped("race-fault-truncate-blocked"));
    assertThat(run("unlocked", List.of(blocked)).getFirst().findings())
        .anyMatch(finding -> finding.contains("blocked T") && finding.contains("misses result=0"));
  }

  @Test
  void aTaskThatDoesNotComeByItsPointEnds() throws Exception {
    List<Program> program = List.of(shipped("park-without-arrival"));
    assertThat(run("merged", program).getFirst().verdict()).isEqualTo(Verdict.AGREED);
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
