// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.backend.SeededScheduler;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The programs' expectations on the model alone, in seconds; the kernel judges in ConformIT. */
class ModelConformanceTest {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static List<ProgramResult> run(String... faults) throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    SeededScheduler scheduler = new SeededScheduler(Set.of(faults));
    try (Laboratory laboratory = Laboratory.open(List.of("model"), scheduler)) {
      Conformance conformance = new Conformance(laboratory);
      for (Program program : ProgramLibrary.shipped()) {
        results.add(conformance.run(program));
      }
    }
    assertThat(scheduler.unknown()).isEmpty();
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
                    .startsWith("model: not run: the model lacks ");
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
    // mkdir comes first in these: nothing is left to compare. The last has no DAX.
    assertThat(results)
        .filteredOn(result -> result.verdict() == ProgramResult.Verdict.OMITTED)
        .extracting(result -> result.program().name())
        .containsExactlyInAnyOrder("identity", "names", "g35-small-blocks");
  }

  @ParameterizedTest
  @CsvSource({
    "zero-page-not-replaced,   g02-hole-write,         pagemap m 0",
    "truncate-skips-unmap,     g16-truncate-zero,      pagemap m 0",
    "tail-not-zeroed,          g14-shrink-zeroes-tail, load m 1P+98 4",
    "writeback-keeps-writable, g08-msync-then-store,   misses mtime=+2",
    "block-leaked,             g16-truncate-zero,      e2fsck",
  })
  void everySeededFaultIsFound(String fault, String program, String where) throws Exception {
    ProgramResult result =
        run(fault).stream()
            .filter(candidate -> candidate.program().name().equals(program))
            .findFirst()
            .orElseThrow();
    assertThat(result.verdict()).isEqualTo(ProgramResult.Verdict.DIVERGED);
    assertThat(result.findings()).anySatisfy(finding -> assertThat(finding).contains(where));
  }
}
