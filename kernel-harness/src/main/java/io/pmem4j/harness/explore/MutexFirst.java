// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The attempt that the letter of 2015 gave up, {@code truncate_mutex} before anything else in a
 * fault, over the bodies of that time. The classes contradict each other: a name that needs a block
 * takes the mutex under a page's lock, a fault takes a page's lock under the mutex. Whether two
 * tasks can close the circle over one file is settled by looking.
 */
public final class MutexFirst {
  private final Explorer explorer;
  private final PrintWriter out;

  /**
   * For one run.
   *
   * @param out gets the report of the circle, and the count
   */
  public MutexFirst(Explorer explorer, PrintWriter out) {
    this.explorer = explorer;
    this.out = out;
  }

  /** Holds if the circle of classes is named and no deadlock is found. */
  public Sweep run() throws IOException {
    List<Finding> findings = new ArrayList<>();
    List<Finding> deadlocks = new ArrayList<>();
    long schedules = 0;
    int scenarios = 0;
    int incomplete = 0;
    try (Exploring exploring =
        Exploring.open(Profile.V4_4, LockOrder.TRUNCATE_MUTEX_FIRST, false)) {
      for (Exploring.Named pair : Exploring.pairs(Profile.V4_4)) {
        Exploration result = exploring.explore(pair, explorer);
        scenarios++;
        schedules += result.schedules();
        incomplete += result.complete() ? 0 : 1;
        for (Finding finding : result.findings()) {
          if (finding.kind() == Finding.Kind.DEADLOCK) {
            deadlocks.add(finding);
            out.println(pair.name() + "\n" + Interleaving.text(finding));
          } else if (isTheCircle(finding) && findings.stream().noneMatch(MutexFirst::isTheCircle)) {
            findings.add(finding);
            out.println(pair.name() + "\n" + Interleaving.text(finding));
          }
        }
      }
      out.printf(
          "truncate_mutex first: %s; %s in %,d schedules of %d pairs%n",
          findings.isEmpty() ? "NO circle of classes" : "a circle of classes, named",
          deadlocks.isEmpty() ? "no deadlock" : deadlocks.size() + " DEADLOCKS",
          schedules,
          scenarios);
      boolean holds = !findings.isEmpty() && deadlocks.isEmpty();
      findings.addAll(deadlocks);
      return new Sweep(holds, scenarios, schedules, findings, incomplete, exploring.imagesJudged());
    }
  }

  private static boolean isTheCircle(Finding finding) {
    return finding.message().contains("CIRCULAR: ")
        && finding.message().contains("page_lock(ext2)")
        && finding.message().contains("&ei->truncate_mutex");
  }
}
