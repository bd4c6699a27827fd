// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.generator.ProgramGenerator;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Counts of a campaign that is too long for its results to be kept. */
class TallyTest {
  private static final Duration BOUND = Duration.ofSeconds(20);

  private static ProgramResult result(int seed, Verdict verdict) {
    return new ProgramResult(
        ProgramGenerator.generate(seed, 3), verdict, List.of(), List.of(), List.of(), List.of(), 1);
  }

  @Test
  void countsAreThoseOfTheResults() {
    Tally tally =
        Tally.of(
            List.of(
                result(1, Verdict.AGREED), result(2, Verdict.AGREED), result(3, Verdict.OMITTED)));
    assertThat(tally.programs()).isEqualTo(3);
    assertThat(tally.count(Verdict.AGREED)).isEqualTo(2);
    assertThat(tally.count(Verdict.DIVERGED)).isZero();
    Summary summary = new Summary("conform", "6.12", tally, Optional.empty(), 2000);
    assertThat(summary.line())
        .contains("PASS: 3 programs, 2 agreed", "1 not run", "1.5 programs/s");
  }

  /** The heap does not grow with the programs of a campaign. */
  @Test
  void noResultIsKept() {
    Tally tally = new Tally();
    List<WeakReference<ProgramResult>> added = new ArrayList<>();
    for (int seed = 0; seed < 20; seed++) {
      ProgramResult result = result(seed, Verdict.AGREED);
      added.add(new WeakReference<>(result));
      tally.add(result);
    }
    long deadline = System.nanoTime() + BOUND.toNanos();
    while (added.stream().anyMatch(each -> each.get() != null)) {
      assertThat(System.nanoTime()).as("results are still reachable").isLessThan(deadline);
      System.gc();
    }
    assertThat(tally.programs()).isEqualTo(20);
  }
}
