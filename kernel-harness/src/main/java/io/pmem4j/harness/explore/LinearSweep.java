// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.LinearRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Explores pairs of thread operations; it holds if each answer is that of some order. */
public final class LinearSweep {
  /** The beginning of the names of pairs of threads, where those of processes have names too. */
  public static final String PREFIX = "threads-";

  private final Profile profile;
  private final LockOrder order;
  private final Explorer explorer;
  private final PrintWriter out;

  /**
   * Creates a sweep for some handlers and an order.
   *
   * @param out gets a line for each pair, and the findings
   */
  public LinearSweep(Profile profile, LockOrder order, Explorer explorer, PrintWriter out) {
    this.profile = profile;
    this.order = order;
    this.explorer = explorer;
    this.out = out;
  }

  /** Explores the pairs with these names. */
  public SweepResult run(List<String> names) throws IOException {
    List<Finding> findings = new ArrayList<>();
    long schedules = 0;
    int incomplete = 0;
    try (LinearRunner runner = LinearRunner.open(profile, order)) {
      for (String name : names) {
        Exploration result = runner.explore(name, explorer);
        schedules += result.schedules();
        incomplete += result.complete() ? 0 : 1;
        findings.addAll(result.findings());
        out.printf(
            "%-36s %,9d schedules %6.2f s  %d answers of orders, %s%n",
            name,
            result.schedules(),
            result.nanos() / 1e9,
            runner.answers(),
            result.findings().isEmpty()
                ? (result.complete() ? "complete, nothing found" : "nothing found")
                : result.findings().size() + " findings");
        result.findings().forEach(finding -> out.println(Interleaving.text(finding)));
        out.flush();
      }
      return new SweepResult(
          findings.isEmpty(),
          names.size(),
          schedules,
          findings,
          incomplete,
          runner.imagesChecked());
    }
  }
}
