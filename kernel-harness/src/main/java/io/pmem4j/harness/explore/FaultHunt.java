// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.ext2.lock.LockOrder;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** How many schedules it takes to find each seeded fault, in order and at random. */
public final class FaultHunt {
  private static final int SEEDS = 5;
  private static final int RANDOM_SCHEDULES = 2000;

  private final PrintWriter out;
  private final List<Finding> findings = new ArrayList<>();
  private long schedules;
  private int images;
  private int missed;

  /**
   * For one run.
   *
   * @param out gets a line for each fault
   */
  public FaultHunt(PrintWriter out) {
    this.out = out;
  }

  /** Looks for all of them. */
  public Sweep run() throws IOException {
    out.printf(
        "%-28s %-30s %10s %10s  %s%n", "fault", "scenario", "in order", "at random", "found as");
    for (SeededFault fault : SeededFault.all()) {
      try (Exploring exploring = Exploring.open(fault.profile(), LockOrder.MERGED)) {
        hunt(exploring, fault);
        images += exploring.imagesJudged();
      }
      out.flush();
    }
    out.printf(
        "in order: schedules of the depth-first search with at most two preemptions (%s) up to"
            + " the first finding; at random: their mean over %d seeds, of at most %,d%n",
        withMore(), SEEDS, RANDOM_SCHEDULES);
    return new Sweep(missed == 0, SeededFault.all().size(), schedules, findings, missed, images);
  }

  private void hunt(Exploring exploring, SeededFault fault) throws IOException {
    Exploring.Named scenario = Exploring.named(fault.scenario()).orElseThrow();
    Exploration inOrder =
        exploring.explore(
            scenario, planted(Explorer.bounded(fault.preemptions()), scenario, fault));
    schedules += inOrder.schedules();
    long random = 0;
    int lost = 0;
    for (int seed = 1; seed <= SEEDS; seed++) {
      Exploration atRandom =
          exploring.explore(
              scenario, planted(Explorer.random(seed, RANDOM_SCHEDULES), scenario, fault));
      random += atRandom.schedules();
      lost += atRandom.findings().isEmpty() ? 1 : 0;
    }
    schedules += random;
    boolean found = !inOrder.findings().isEmpty();
    missed += found ? 0 : 1;
    findings.addAll(inOrder.findings());
    out.printf(
        "%-28s %-30s %10s %10s  %s%n",
        fault.name(),
        fault.scenario(),
        found ? inOrder.schedules() : "MISSED",
        (lost == 0 ? "" : lost + " lost, ") + random / SEEDS,
        found ? inOrder.findings().getFirst().message() : "");
    out.println("    " + fault.origin());
  }

  private static String withMore() {
    return SeededFault.all().stream()
        .filter(fault -> fault.preemptions() > 2)
        .map(fault -> fault.name() + ": " + fault.preemptions())
        .collect(Collectors.joining(", "));
  }

  /** What the handlers show without it does not count. */
  private static Explorer planted(Explorer explorer, Exploring.Named scenario, SeededFault fault) {
    return explorer
        .stoppingAtFirst(true)
        .withSeeded(Set.of(fault.name()))
        .ignoring(finding ->
            KnownFinding.of(fault.profile(), LockOrder.MERGED, scenario, finding).isPresent());
  }
}
