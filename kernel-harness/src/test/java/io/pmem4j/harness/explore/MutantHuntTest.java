// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.mutant.Killer;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCatalog;
import io.pmem4j.harness.mutant.MutantCompiler;
import io.pmem4j.harness.mutant.MutantLoader;
import io.pmem4j.harness.mutant.ScenarioScore;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A mutant lives in its loader only, and dies there. */
@Tag("explorer")
class MutantHuntTest {
  private static final Killer.Scenario WRITE_AND_FSYNC =
      new Killer.Scenario("write-vs-fsync", "LINUX_5_10", 0);

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @Test
  void theMutantDiesAndTheRealSourcesDoNot() throws Exception {
    Mutant mutant = MutantCatalog.of(GuestFiles.home()).named("write-without-flush");
    ScenarioScore score;
    try (MutantCompiler compiler = new MutantCompiler();
        MutantLoader loader = MutantLoader.of(mutant, compiler.compile(mutant), List.of())) {
      score = loader.apply(MutantHunt.class, WRITE_AND_FSYNC);
    }
    assertThat(score.finding()).contains("data page 1 is dirty");
    assertThat(score.lost()).isZero();
    ScenarioScore real = new MutantHunt().apply(WRITE_AND_FSYNC);
    assertThat(real.killed()).isFalse();
    assertThat(real.lost()).isEqualTo(real.seeds());
  }
}
