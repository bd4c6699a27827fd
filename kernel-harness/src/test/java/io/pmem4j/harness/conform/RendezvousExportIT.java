// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.Laboratory;
import io.pmem4j.harness.explore.Exploring;
import io.pmem4j.harness.explore.RendezvousExport;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the explorer finds in the model is found by its schedule in the kernel. */
class RendezvousExportIT {
  @Test
  void aScheduleOfTheModelDoesDamageOnUnlockedAndBlocksOnMerged() throws Exception {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
    List<String> damaging = new ArrayList<>();
    List<String> blocking = new ArrayList<>();
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.NO_DAX_SEM)) {
      for (String name : List.of("fault-vs-truncate", "read-fault-vs-truncate")) {
        Exploring.Named scenario = Exploring.named(name).orElseThrow();
        for (Finding finding : exploring.explore(scenario, Explorer.bounded(2)).findings()) {
          if (finding.message().contains("another file holds")) {
            damaging.add(RendezvousExport.text(scenario, finding, false).orElseThrow());
            blocking.add(RendezvousExport.text(scenario, finding, true).orElseThrow());
          }
        }
      }
    }
    assertThat(damaging).isNotEmpty();
    for (ProgramResult result : run("unlocked", damaging)) {
      assertThat(result.findings())
          .as(result.program().title())
          .anyMatch(finding -> finding.contains("in A load") && finding.contains("misses signal"))
          .noneMatch(finding -> finding.contains("arrive"));
    }
    for (ProgramResult result : run("merged", blocking)) {
      assertThat(result.findings()).as(result.program().title()).isEmpty();
    }
  }

  private static List<ProgramResult> run(String kernel, List<String> texts) throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Laboratory laboratory =
        Laboratory.open(List.of("guest:" + kernel), Scheduler.production())) {
      Conformance conformance = new Conformance(laboratory);
      for (String text : texts) {
        results.add(conformance.run(ProgramParser.parse("exported", text)));
      }
    }
    return results;
  }
}
