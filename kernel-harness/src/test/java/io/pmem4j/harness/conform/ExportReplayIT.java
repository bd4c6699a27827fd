// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.explore.KnownRace;
import io.pmem4j.harness.explore.export.RendezvousExport;
import io.pmem4j.harness.explore.scenario.Damage;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A finding of the explorer in the model is reproduced by its schedule in a kernel without the
 * lock, and not in a kernel with it. The schedules are explored anew in each run.
 */
@Tag("kernels")
class ExportReplayIT {
  /** A counterexample, and the programs made of it. */
  private record Case(String id, NamedScenario scenario, Profile profile, Finding finding) {
    String program(boolean clean) {
      return RendezvousExport.text(profile, scenario, finding, clean)
          .orElseThrow(() -> new AssertionError(id + " is not exported"));
    }

    /** The first of the kernels that the program says it is for. */
    String kernel(boolean clean) throws Exception {
      return ProgramParser.parse("exported", program(clean)).kernels().getFirst();
    }
  }

  @Test
  void everyCounterexampleThatAKernelCanFollowIsSeenThere() throws Exception {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
    List<Case> cases = new ArrayList<>();
    for (KnownRace race : KnownRace.all()) {
      NamedScenario scenario = ScenarioCatalog.find(race.scenario()).orElseThrow();
      if (race.profile() == Profile.V4_4) {
        // R1, R3, R4, R7: told of, and not passed over.
        assertThat(RendezvousExport.obstacle(race.profile(), scenario)).isPresent();
        System.out.println(race.id() + ": " + obstacle(race.profile(), scenario));
        continue;
      }
      cases.addAll(
          explored(race.id(), scenario, race.profile(), race.preemptions(), race.damage()));
    }
    for (String name : List.of("read-fault-vs-truncate", "fault-vs-open-truncating")) {
      cases.addAll(
          explored(
              name,
              ScenarioCatalog.find(name).orElseThrow(),
              Profile.LINUX_5_10,
              2,
              Damage.FOREIGN_MAPPING));
    }
    for (String name : List.of("zero-page-vs-truncate", "fault-vs-partial-truncate")) {
      cases.addAll(
          explored(
              name,
              ScenarioCatalog.find(name).orElseThrow(),
              Profile.LINUX_5_10,
              2,
              Damage.MAPPED_PAST_EOF));
    }
    assertThat(cases).hasSizeGreaterThanOrEqualTo(9);
    replay(cases, "misses signal");
  }

  /** S1 and S2: no lock is in their way, and the handlers as merged have neither. */
  @Test
  void whatTheLockDoesNotHelpIsSeenOnTheSeriesAndNotAsMerged() throws Exception {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
    List<Case> lost = new ArrayList<>();
    for (String name : List.of("pfn-mkwrite+fsync", "pfn-mkwrite+msync")) {
      lost.addAll(
          explored(
              "S1 " + name,
              LockOrder.MERGED,
              ScenarioCatalog.find(name).orElseThrow(),
              Profile.SERIES,
              1,
              Damage.UNDURABLE_STORE));
    }
    replay(lost, "misses event:dax_writeback_one");
    replay(
        explored(
            "S2",
            LockOrder.MERGED,
            ScenarioCatalog.find("page-mkwrite+write").orElseThrow(),
            Profile.SERIES,
            2,
            Damage.LOST_STORE),
        "misses data=00");
  }

  private static String obstacle(Profile profile, NamedScenario scenario) {
    return RendezvousExport.obstacle(profile, scenario).orElse("");
  }

  private static List<Case> explored(
      String id, NamedScenario scenario, Profile profile, int preemptions, Damage damage)
      throws IOException {
    return explored(id, LabOrders.NO_DAX_SEM, scenario, profile, preemptions, damage);
  }

  private static List<Case> explored(
      String id,
      LockOrder order,
      NamedScenario scenario,
      Profile profile,
      int preemptions,
      Damage damage)
      throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(profile, order)) {
      List<Case> cases =
          runner.explore(scenario, Explorer.bounded(preemptions)).findings().stream()
              .filter(damage::isShownBy)
              .map(finding -> new Case(id, scenario, profile, finding))
              .toList();
      assertThat(cases).as(id).isNotEmpty();
      return cases;
    }
  }

  private static void replay(List<Case> cases, String missed) throws Exception {
    Map<String, List<Case>> damaged = new LinkedHashMap<>();
    Map<String, List<Case>> clean = new LinkedHashMap<>();
    for (Case each : cases) {
      damaged.computeIfAbsent(each.kernel(false), _ -> new ArrayList<>()).add(each);
      clean.computeIfAbsent(each.kernel(true), _ -> new ArrayList<>()).add(each);
    }
    for (Map.Entry<String, List<Case>> kernel : damaged.entrySet()) {
      try (Runner runner = new Runner(kernel.getKey())) {
        for (Case each : kernel.getValue()) {
          assertDamage(runner, each, missed);
        }
        assertThatAnotherPlaceDoesNoDamage(runner, kernel.getValue().getFirst(), missed);
      }
    }
    for (Map.Entry<String, List<Case>> kernel : clean.entrySet()) {
      try (Runner runner = new Runner(kernel.getKey())) {
        for (Case each : kernel.getValue()) {
          ProgramResult result = runner.run(each.program(true));
          assertThat(result.findings()).as(result.program().title()).isEmpty();
          System.out.println(each.id() + ": nothing is damaged on " + kernel.getKey());
        }
      }
    }
  }

  private static void assertDamage(Runner runner, Case each, String missed) throws Exception {
    ProgramResult result = runner.run(each.program(false));
    assertThat(result.findings())
        .as(result.program().title())
        .anyMatch(finding -> finding.contains(missed))
        .noneMatch(finding -> finding.contains("arrive"));
    System.out.println(each.id() + ": damage on " + each.kernel(false));
  }

  /**
   * The damage depends on the schedule: if the fault ends before the other task starts, nothing is
   * damaged. The other task may then not reach its point.
   */
  private static void assertThatAnotherPlaceDoesNoDamage(Runner runner, Case each, String missed)
      throws Exception {
    String program = each.program(false);
    assertThat(program).contains("park A");
    String elsewhere =
        program
            .lines()
            .filter(line -> !line.startsWith("park A") && !line.startsWith("arrive A"))
            .map(line -> line.startsWith("begin A") ? line + "\nawait A" : line)
            .filter(line -> !line.startsWith("release A") && !line.equals("await A"))
            .reduce("", (before, line) -> before + line + "\n");
    assertThat(runner.run(elsewhere).findings())
        .as(elsewhere)
        .allMatch(finding -> finding.contains("arrive B"))
        .noneMatch(finding -> finding.contains(missed));
  }

  private static final class Runner implements AutoCloseable {
    private final Backends backends;
    private final Conformance conformance;

    Runner(String kernel) throws Exception {
      backends = Backends.open(List.of("guest:" + kernel), Scheduler.production());
      conformance = new Conformance(backends);
    }

    ProgramResult run(String text) throws Exception {
      return conformance.run(ProgramParser.parse("exported", text));
    }

    @Override
    public void close() throws Exception {
      backends.close();
    }
  }
}
