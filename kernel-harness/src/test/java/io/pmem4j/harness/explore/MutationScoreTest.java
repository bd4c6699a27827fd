// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.kernel.GuestFiles;
import io.pmem4j.harness.mutant.Mutant;
import io.pmem4j.harness.mutant.MutantCatalog;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("explorer")
class MutationScoreTest {
  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @Test
  void everyMutantIsKilledByItsScenarios() throws Exception {
    StringWriter text = new StringWriter();
    List<Mutant> mutants = MutantCatalog.of(GuestFiles.home()).all();
    SweepResult sweep = new MutationScore(new PrintWriter(text)).run(mutants);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.scenarios()).isGreaterThanOrEqualTo(45);
    assertThat(mutants)
        .filteredOn(mutant -> mutant.origin().matches("(before )?[0-9a-f]{12}"))
        .hasSizeGreaterThanOrEqualTo(5);
  }
}
