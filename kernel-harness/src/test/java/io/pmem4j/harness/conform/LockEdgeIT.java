// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.GuestBackend;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.backend.ModelBackend;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The locks that the model takes one under the other are those that the kernel takes. */
class LockEdgeIT {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
  }

  @ParameterizedTest
  @CsvSource({
    "merged,               sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
    "series,               sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
    "posted-order,         &ei->dax_sem -> sb_pagefaults, sb_pagefaults -> &ei->dax_sem",
    "truncate-mutex-first, sb_pagefaults -> &ei->truncate_mutex, sb_pagefaults -> &ei->dax_sem",
  })
  void everyEdgeIsTheKernels(String kernel, String has, String hasNot) throws Exception {
    List<String> findings = new ArrayList<>();
    LockEdgeComparison comparison;
    try (Laboratory laboratory =
        Laboratory.open(List.of("model", "guest:" + kernel), Scheduler.production())) {
      ModelBackend model = (ModelBackend) laboratory.backends().getFirst();
      GuestBackend guest = (GuestBackend) laboratory.backends().getLast();
      comparison = new LockEdgeComparison(guest.lockdep());
      Conformance alone = new Conformance(laboratory.pristine(), List.of(model));
      Conformance conformance = new Conformance(laboratory.pristine(), laboratory.backends());
      for (Program program : ProgramLibrary.shipped()) {
        // What the model lacks must not run on the kernel either: its edges would stay in the
        // graph.
        if (alone.run(program).verdict() == ProgramResult.Verdict.OMITTED) {
          continue;
        }
        assertThat(conformance.run(program).findings()).as(program.name()).isEmpty();
        for (String finding : comparison.after(guest.lockdep(), model.lockEdges())) {
          findings.add(program.name() + ": " + finding);
        }
      }
    }
    findings.addAll(comparison.atEnd());
    assertThat(findings).isEmpty();
    assertThat(comparison.agreed())
        .contains(has, "&sb->s_type->i_mutex_key -> &ei->dax_sem")
        .doesNotContain(hasNot);
  }
}
