// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Explores scenarios one after the other. The sweep holds if they show all known findings and no
 * other.
 */
public final class PairSweep {
  private final Profile profile;
  private final LockOrder order;
  private final boolean promises;
  private final Explorer explorer;
  private final PrintWriter out;
  private final SweepTally tally;
  private final List<String> listed = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  /**
   * For some handlers and an order.
   *
   * @param promises as {@link ScenarioRunner#open(Profile, LockOrder, boolean)}
   * @param out gets a line for each scenario, and the findings
   */
  public PairSweep(
      Profile profile, LockOrder order, boolean promises, Explorer explorer, PrintWriter out) {
    this.profile = profile;
    this.order = order;
    this.promises = promises;
    this.explorer = explorer;
    this.out = out;
    this.tally = new SweepTally(out);
  }

  /**
   * Explores the scenarios.
   *
   * @param known whether what is known may be found, and has to be; else it is a finding as well
   */
  public SweepResult run(List<NamedScenario> scenarios, boolean known) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(profile, order, promises)) {
      for (NamedScenario scenario : scenarios) {
        judge(scenario, runner.explore(scenario, explorer), known);
      }
      listed.forEach(out::println);
      missing.forEach(out::println);
      out.flush();
      return tally.result(missing.isEmpty(), runner.imagesChecked());
    }
  }

  private void judge(NamedScenario scenario, Exploration result, boolean known) {
    List<KnownFinding> expected =
        new ArrayList<>(KnownFinding.expected(profile, order, scenario, explorer.preemptions()));
    List<Finding> unknown = new ArrayList<>();
    for (Finding finding : result.findings()) {
      Optional<KnownFinding> is = KnownFinding.of(profile, order, scenario, finding);
      if (known && is.isPresent()) {
        expected.remove(is.get());
        listed.add("known: " + is.get().id() + " by " + scenario.name() + ": " + is.get().what());
      } else {
        unknown.add(finding);
      }
    }
    if (known) {
      expected.forEach(absent ->
          missing.add("NOT FOUND: " + absent.id() + " by " + scenario.name() + ", which is known"));
    }
    tally.add(scenario.name(), result, "", unknown);
  }
}
