// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.image.FsImage;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A program that a slow machine has spoilt runs again. */
class ProgramRunTest {
  /** A backend that is late in its first runs, and answers otherwise then. */
  private static final class Slow implements ProgramBackend {
    private final int lateRuns;
    private int runs;

    Slow(int lateRuns) {
      this.lateRuns = lateRuns;
    }

    @Override
    public String name() {
      return "slow";
    }

    @Override
    public Session begin(Program program, ImageTemplates templates, KernelChoices choices) {
      boolean late = runs++ < lateRuns;
      return new Session() {
        @Override
        public Outcome run(Operation operation) {
          return Outcome.of(late ? 1 : 0);
        }

        @Override
        public Optional<FsImage> end() {
          return Optional.empty();
        }

        @Override
        public boolean inTime() {
          return !late;
        }

        @Override
        public void abandon() {
          throw new AssertionError("there was no failure");
        }
      };
    }

    @Override
    public void close() {}
  }

  private static ProgramResult run(Slow slow) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    Program program = ProgramParser.parse("x", "sync => result=0\n");
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      return new Conformance(backends, List.of(slow)).run(program);
    }
  }

  @Test
  void onlyTheRunThatKeptTheTimeCounts() throws Exception {
    Slow slow = new Slow(3);
    ProgramResult result = run(slow);
    assertThat(result.verdict()).as("%s", result.findings()).isEqualTo(Verdict.AGREED);
    assertThat(slow.runs).isEqualTo(4);
  }

  @Test
  void whoNeverKeepsTheTimeHasNoVerdict() throws Exception {
    ProgramResult result = run(new Slow(99));
    assertThat(result.verdict()).isEqualTo(Verdict.NOT_RUN);
    assertThat(result.findings())
        .containsExactly("slow: HARNESS_FAULT: slow did not keep the program's time in 4 runs");
  }
}
