// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.explore.scenario.ProgramRunner;
import io.pmem4j.harness.program.TaskProgram;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Explores one program with tasks; it holds if no schedule has a finding. */
public final class ProgramSweep {
  private final Profile profile;
  private final LockOrder order;
  private final boolean promises;
  private final Explorer explorer;
  private final PrintWriter out;

  /**
   * Creates a sweep for some handlers and an order.
   *
   * @param promises as {@link ProgramRunner#open}
   * @param out gets the counts and the findings
   */
  public ProgramSweep(
      Profile profile, LockOrder order, boolean promises, Explorer explorer, PrintWriter out) {
    this.profile = profile;
    this.order = order;
    this.promises = promises;
    this.explorer = explorer;
    this.out = out;
  }

  /**
   * Explores a program, or replays one schedule of it.
   *
   * @param schedule the schedule to replay; null to explore
   */
  public SweepResult run(TaskProgram program, @Nullable Schedule schedule) throws IOException {
    try (ProgramRunner runner = ProgramRunner.open(program, profile, order, promises)) {
      if (schedule != null) {
        Optional<Finding> finding = runner.replay(explorer, schedule);
        out.println(finding.map(Interleaving::text).orElse("nothing is wrong under this schedule"));
        return new SweepResult(
            finding.isEmpty(), 1, 1, finding.stream().toList(), 0, runner.imagesChecked());
      }
      SweepTally tally = new SweepTally(out);
      tally.add(program.program().name(), runner.explore(explorer));
      return tally.result(true, runner.imagesChecked());
    }
  }
}
