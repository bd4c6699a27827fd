// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A search for a shorter schedule of a finding: fewer switches first, then fewer steps. */
final class ScheduleShrinker {
  private static final int MAX_RUNS = 500;

  private final Explorer explorer;
  private final Scenario scenario;
  private int tries;

  ScheduleShrinker(Explorer explorer, Scenario scenario) {
    this.explorer = explorer;
    this.scenario = scenario;
  }

  /** Returns the same finding with the shortest schedule met, which may be the given one. */
  Finding shrink(Finding found) {
    if (found.kind() == Finding.Kind.NOT_DETERMINISTIC) {
      return found;
    }
    Finding best = found;
    boolean better = true;
    while (better && tries < MAX_RUNS) {
      better = false;
      for (Schedule candidate : candidates(best.schedule())) {
        Optional<Finding> again = attempt(candidate, found);
        if (again.isPresent()) {
          best = again.get();
          better = true;
          break;
        }
      }
    }
    return best;
  }

  /**
   * Returns the finding under the candidate, with the candidate as its schedule. Steps past its end
   * are not part of it.
   */
  private Optional<Finding> attempt(Schedule candidate, Finding wanted) {
    if (tries++ >= MAX_RUNS) {
      return Optional.empty();
    }
    return explorer
        .replay(scenario, candidate)
        .filter(wanted::sameAs)
        .map(again ->
            new Finding(
                again.kind(),
                again.message(),
                again.cause(),
                candidate,
                again.tasks(),
                again.steps()));
  }

  /** Returns strictly shorter schedules, the shortest first. */
  private static List<Schedule> candidates(Schedule schedule) {
    List<Schedule.Run> runs = schedule.runs();
    List<Schedule> candidates = new ArrayList<>();
    for (int kept = 0; kept < runs.size(); kept++) {
      candidates.add(new Schedule(runs.subList(0, kept)));
    }
    for (int dropped = 0; dropped < runs.size(); dropped++) {
      List<Schedule.Run> without = new ArrayList<>(runs);
      without.remove(dropped);
      candidates.add(new Schedule(without));
    }
    for (int i = 0; i < runs.size(); i++) {
      for (int steps = 1; steps < runs.get(i).steps(); steps *= 2) {
        List<Schedule.Run> shorter = new ArrayList<>(runs);
        shorter.set(i, new Schedule.Run(runs.get(i).task(), runs.get(i).steps() - steps));
        candidates.add(new Schedule(shorter));
      }
    }
    return candidates;
  }
}
