// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The programs' expectations on the model alone, in seconds; the kernel judges in ConformIT. */
class ModelConformanceTest {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static List<ProgramResult> run() throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      for (Program program : ProgramLibrary.shipped()) {
        results.add(conformance.run(program));
      }
    }
    return results;
  }

  @Test
  void everyProgramMeetsItsExpectations() throws Exception {
    List<ProgramResult> results = run();
    assertThat(results)
        .allSatisfy(result -> {
          assertThat(result.findings()).as(result.program().name()).isEmpty();
          switch (result.verdict()) {
            case OMITTED ->
                assertThat(result.notes())
                    .singleElement()
                    .asString()
                    .matches("model: not run: (the model lacks .*|the program is for kernel .*)");
            case PARTIAL ->
                assertThat(result.notes())
                    .isNotEmpty()
                    .allMatch(note -> note.matches("model: not run: \\d+ of \\d+ operations: .*"));
            default -> assertThat(result.verdict()).isEqualTo(ProgramResult.Verdict.AGREED);
          }
        });
    assertThat(results)
        .filteredOn(result -> result.verdict() == ProgramResult.Verdict.AGREED)
        .hasSizeGreaterThanOrEqualTo(28);
    List<String> omitted = new ArrayList<>();
    // They are for kernels without dax_sem or of the series.
    for (Program program : ProgramLibrary.shipped()) {
      if (!program.kernels().isEmpty() && !program.kernels().contains("merged")) {
        omitted.add(program.name());
      }
    }
    assertThat(omitted).hasSizeGreaterThan(5);
    assertThat(results)
        .filteredOn(result -> result.verdict() == ProgramResult.Verdict.OMITTED)
        .extracting(result -> result.program().name())
        .containsExactlyInAnyOrderElementsOf(omitted);
  }
}
