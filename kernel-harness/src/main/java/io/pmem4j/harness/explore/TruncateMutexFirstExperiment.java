// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrderViolation;
import io.pmem4j.ext2.lock.LockReport;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The lock order that the letter of 2015 gave up: {@code truncate_mutex} before anything else in a
 * fault, with the fault bodies of that time. The lock classes form a cycle: a name that needs a
 * block takes the mutex under a page lock, and a fault takes a page lock under the mutex. Can two
 * tasks deadlock over one file? The experiment explores that with unchecked locks, because a check
 * would end the task, and with it every schedule in which it might block.
 */
public final class TruncateMutexFirstExperiment {
  private final Explorer explorer;
  private final PrintWriter out;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * For one run.
   *
   * @param out gets the report of the circle, of each deadlock, and the counts
   */
  public TruncateMutexFirstExperiment(Explorer explorer, PrintWriter out) {
    this.explorer = explorer;
    this.out = out;
  }

  /**
   * Holds if the circle of classes is named, and if no pair deadlocks in any schedule within the
   * bound.
   */
  public SweepResult run() throws IOException {
    List<String> circles = circles();
    out.printf(
        "truncate_mutex first: %s%n",
        circles.isEmpty()
            ? "NO circle of classes"
            : "a circle of classes, named, by " + String.join(", ", circles));
    return deadlocks(!circles.isEmpty());
  }

  /** One after the other is enough for classes: which pairs name the circle. */
  private List<String> circles() throws IOException {
    List<String> names = new ArrayList<>();
    try (ScenarioRunner runner =
        ScenarioRunner.open(Profile.V4_4, LabOrders.TRUNCATE_MUTEX_FIRST, false)) {
      for (NamedScenario pair : ScenarioCatalog.pairs(Profile.V4_4)) {
        Exploration result = runner.explore(pair, Explorer.bounded(0));
        Optional<Finding> circle =
            result.findings().stream()
                .filter(TruncateMutexFirstExperiment::isExpectedCycle)
                .findFirst();
        if (circle.isPresent()) {
          if (names.isEmpty()) {
            findings.add(circle.get());
            out.println(pair.name() + "\n" + Interleaving.text(circle.get()));
          }
          names.add(pair.name());
        }
      }
    }
    return names;
  }

  private SweepResult deadlocks(boolean named) throws IOException {
    long schedules = 0;
    int scenarios = 0;
    int incomplete = 0;
    int deadlocks = 0;
    try (ScenarioRunner runner =
        ScenarioRunner.open(Profile.V4_4, LabOrders.TRUNCATE_MUTEX_FIRST.unchecked(), false)) {
      for (NamedScenario pair : ScenarioCatalog.pairs(Profile.V4_4)) {
        Exploration result = runner.explore(pair, explorer);
        scenarios++;
        schedules += result.schedules();
        if (!result.complete()) {
          incomplete++;
          out.println("not complete: " + pair.name());
        }
        for (Finding finding : result.findings()) {
          if (finding.kind() == Finding.Kind.DEADLOCK) {
            deadlocks++;
            findings.add(finding);
            out.println(pair.name() + "\n" + Interleaving.text(finding));
          }
        }
      }
      out.printf(
          "with unchecked locks: %s in %,d schedules of %d pairs%s%n",
          deadlocks == 0 ? "no deadlock" : deadlocks + " DEADLOCKS",
          schedules,
          scenarios,
          incomplete == 0 ? ", all complete" : ", " + incomplete + " NOT COMPLETE");
      return new SweepResult(
          named && deadlocks == 0 && incomplete == 0,
          scenarios,
          schedules,
          findings,
          incomplete,
          runner.imagesChecked());
    }
  }

  /**
   * Returns whether a task itself found the expected cycle: the oracle faults on the file
   * afterwards as well.
   */
  private static boolean isExpectedCycle(Finding finding) {
    return finding.kind() == Finding.Kind.TASK_FAILED
        && finding.cause() instanceof LockOrderViolation violation
        && violation
            .report()
            .filter(report ->
                report.kind() == LockReport.Kind.CIRCULAR
                    && report
                        .chain()
                        .containsAll(List.of(LockClass.PAGE_LOCK, LockClass.TRUNCATE_MUTEX)))
            .isPresent();
  }
}
