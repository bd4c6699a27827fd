// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Every known race: found without {@code dax_sem}, and not found with it. */
public final class KnownRaceReport {
  private final PrintWriter out;
  private final List<Finding> findings = new ArrayList<>();
  private long schedules;
  private int incomplete;
  private int images;
  private boolean holds = true;

  /**
   * For one run.
   *
   * @param out gets a line for each race, and the interleaving
   */
  public KnownRaceReport(PrintWriter out) {
    this.out = out;
  }

  /** Looks for all of them. */
  public SweepResult run() throws IOException {
    for (KnownRace race : KnownRace.all()) {
      run(race);
    }
    return new SweepResult(holds, KnownRace.all().size(), schedules, findings, incomplete, images);
  }

  private void run(KnownRace race) throws IOException {
    Exploration without = explore(race, LabOrders.NO_DAX_SEM);
    Exploration with = explore(race, LockOrder.MERGED);
    incomplete += with.complete() ? 0 : 1;
    Optional<Finding> found =
        without.findings().stream().filter(race.damage()::isShownBy).findFirst();
    boolean asClaimed = found.isPresent() && with.findings().isEmpty() && with.complete();
    holds &= asClaimed;
    out.printf(
        "%s %-3s %-31s %-12s without dax_sem %s of %,d schedules in %.2f s; with it %,d schedules,"
            + " %s%n",
        asClaimed ? "ok  " : "FAIL",
        race.id(),
        race.scenario(),
        race.profile(),
        found.isPresent() ? "found" : "NOT FOUND",
        without.schedules(),
        without.nanos() / 1e9,
        with.schedules(),
        with.findings().isEmpty() ? "nothing" : with.findings().size() + " findings");
    out.println("         " + race.what());
    found.ifPresent(finding -> {
      findings.add(finding);
      out.println(Interleaving.text(finding));
    });
    out.flush();
  }

  private Exploration explore(KnownRace race, LockOrder order) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(race.profile(), order)) {
      Exploration result =
          runner.explore(
              ScenarioCatalog.find(race.scenario()).orElseThrow(),
              Explorer.bounded(race.preemptions()));
      schedules += result.schedules();
      images += runner.imagesChecked();
      return result;
    }
  }
}
