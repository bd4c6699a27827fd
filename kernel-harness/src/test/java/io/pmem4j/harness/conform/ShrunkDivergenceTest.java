// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Shrinker;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A shrunk program shows the finding that it was shrunk for, and no other. */
class ShrunkDivergenceTest {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static Program shrink(Program program) throws Exception {
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      ProgramResult found = conformance.run(program);
      assertThat(found.verdict()).isEqualTo(ProgramResult.Verdict.DIVERGED);
      Program shortest = Shrinker.shrink(program, conformance.repeats(found), 150);
      assertThat(conformance.run(shortest).first()).isEqualTo(found.first());
      return shortest;
    }
  }

  private static List<String> steps(Program program) {
    return program.steps().stream().map(ProgramStep::operation).map(ProgramText::of).toList();
  }

  /**
   * Every step before the last has an expectation that fails as soon as the step before is gone.
   */
  @Test
  void anExpectationThatFailsInAShorterProgramIsNotTheFinding() throws Exception {
    StringBuilder text = new StringBuilder("open f /a rw creat\n");
    for (int i = 0; i < 20; i++) {
      text.append("pwrite f ").append(i).append("P x4").append(i % 10).append("*4096\n");
      text.append("fstat f => size=").append((i + 1) * 4096).append('\n');
    }
    text.append("ftruncate f 5P+10\nmmap m f 5P 1P rw shared\nstore m 20 x5a\nftruncate f 6P\n");
    text.append("pread f 5P+20 4 => data=00000000\n");
    Program shortest = shrink(ProgramParser.parse("stale-tail", text.toString()));
    assertThat(steps(shortest))
        .contains("store m 20 x5a")
        .endsWith("pread f 20500 4")
        .hasSizeLessThanOrEqualTo(6);
  }

  /**
   * The image is damaged by the mutant; a shorter program that misses an expectation is another
   * finding.
   */
  @Test
  @OnMutant("block-leaked")
  void aDamagedImageStaysADamagedImage() throws Exception {
    Program program =
        ProgramParser.parse(
            "leak",
            """
            open f /a rw creat
            pwrite f 0 x41*4096
            fstat f => size=4096
            pwrite f 1P x41*4096
            fstat f => size=8192
            ftruncate f 0
            fstat f => size=0
            """);
    Program shortest = shrink(program);
    assertThat(steps(shortest)).contains("ftruncate f 0").hasSizeLessThan(program.steps().size());
  }

  @Test
  void placeAndClassTellDivergencesApart() {
    Operation read = Syscall.PREAD.of("f", 0, 4);
    Divergence data = Divergence.difference(read, outcome("data", "41"), outcome("data", "42"));
    assertThat(data)
        .isEqualTo(Divergence.difference(read, outcome("data", "43"), outcome("data", "44")))
        .isNotEqualTo(
            Divergence.difference(
                Syscall.PREAD.of("f", 1, 4), outcome("data", "41"), outcome("data", "42")));
    assertThat(Divergence.difference(read, outcome("errno", "EIO"), outcome("errno", "ENOSPC")))
        .isNotEqualTo(
            Divergence.difference(read, outcome("errno", "EIO"), outcome("errno", "EFBIG")))
        .isNotEqualTo(data);
  }

  private static Outcome outcome(String key, String value) {
    return Outcome.builder().value("result", -1).value(key, value).build();
  }
}
