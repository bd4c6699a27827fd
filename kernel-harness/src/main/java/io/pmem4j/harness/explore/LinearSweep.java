// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.LinearRunner;
import java.io.IOException;
import java.io.PrintWriter;
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
    SweepTally tally = new SweepTally(out);
    try (LinearRunner runner = LinearRunner.open(profile, order)) {
      for (String name : names) {
        Exploration result = runner.explore(name, explorer);
        tally.add(name, result, runner.answers() + " answers of orders, ", result.findings());
      }
      return tally.result(true, runner.imagesChecked());
    }
  }
}
