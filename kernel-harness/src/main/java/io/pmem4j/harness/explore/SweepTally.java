// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** The scenarios that a sweep has explored so far: a line for each, and the sums. */
final class SweepTally {
  private final PrintWriter out;
  private final List<Finding> findings = new ArrayList<>();
  private int scenarios;
  private long schedules;
  private int incomplete;

  /**
   * Creates a tally without a scenario.
   *
   * @param out gets a line for each scenario, and its findings
   */
  SweepTally(PrintWriter out) {
    this.out = out;
  }

  /** Adds a scenario, all of whose findings count. */
  void add(String name, Exploration result) {
    add(name, result, "", result.findings());
  }

  /**
   * Adds a scenario.
   *
   * @param remark stands before the outcome
   * @param counted the findings that are not known
   */
  void add(String name, Exploration result, String remark, List<Finding> counted) {
    scenarios++;
    schedules += result.schedules();
    incomplete += result.complete() ? 0 : 1;
    findings.addAll(counted);
    out.printf(
        "%-36s %,9d schedules %6.2f s  %s%s%n",
        name, result.schedules(), result.nanos() / 1e9, remark, words(result, counted));
    counted.forEach(finding -> out.println(Interleaving.text(finding)));
    out.flush();
  }

  private static String words(Exploration result, List<Finding> counted) {
    if (!counted.isEmpty()) {
      return counted.size() + " findings";
    }
    String found = result.findings().isEmpty() ? "nothing found" : "nothing new";
    return result.complete() ? "complete, " + found : found;
  }

  /**
   * Returns the result of the sweep, which holds if no finding counts.
   *
   * @param holds false if it does not hold for another reason
   * @param images the number of different images that e2fsck checked
   */
  SweepResult result(boolean holds, int images) {
    return new SweepResult(
        holds && findings.isEmpty(), scenarios, schedules, findings, incomplete, images);
  }
}
