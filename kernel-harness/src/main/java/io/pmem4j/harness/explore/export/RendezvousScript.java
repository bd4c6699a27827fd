// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The park, arrive and release lines that make the tasks of a program follow a schedule of the
 * model.
 */
final class RendezvousScript {
  private final RaceExport race;
  private final List<Step> steps;
  private final boolean clean;
  private final List<String> lines = new ArrayList<>();
  private final String[] parked = {"", ""};
  private final boolean[] begun = {false, false};
  private final boolean[] ended = {false, false};

  private RendezvousScript(RaceExport race, Finding finding, boolean clean) {
    this.race = race;
    this.steps = finding.steps();
    this.clean = clean;
  }

  /**
   * Returns the lines of a program.
   *
   * @param clean whether it is for kernels on which nothing is damaged
   * @return empty if a task stops where no point is
   */
  static Optional<List<String>> of(RaceExport race, Finding finding, boolean clean) {
    RendezvousScript schedule = new RendezvousScript(race, finding, clean);
    return schedule.follows() ? Optional.of(schedule.lines) : Optional.empty();
  }

  private boolean follows() {
    int from = 0;
    while (from < steps.size()) {
      int task = steps.get(from).task();
      int to = from;
      while (to < steps.size() && steps.get(to).task() == task) {
        to++;
      }
      if (!ended[task]) {
        Optional<String> point = stopsAt(task, to);
        if (point.isEmpty()) {
          return false;
        }
        if (clean && task == 1 && !ended[0] && race.blockedIn().isPresent()) {
          blocks(race.blockedIn().get());
          return true;
        }
        runs(task, point.get());
      }
      if (task == 1 && ended[1] && !goesOn(1, to)) {
        lines.addAll(race.epilogue(1));
      }
      from = to;
    }
    return ended[0] && ended[1];
  }

  private boolean goesOn(int task, int to) {
    return steps.subList(to, steps.size()).stream().anyMatch(step -> step.task() == task);
  }

  /**
   * Returns the point at which a task is parked before step {@code to}; "" if it runs to its end.
   */
  private Optional<String> stopsAt(int task, int to) {
    List<Step> all = steps.stream().filter(step -> step.task() == task).toList();
    int done = (int) steps.subList(0, to).stream().filter(step -> step.task() == task).count();
    boolean over = task == 1 && race.isDone(all.subList(0, done));
    return goesOn(task, to) && !over ? race.pointOf(task, all, done) : Optional.of("");
  }

  private void runs(int task, String point) {
    String name = name(task);
    if (!point.isEmpty()) {
      lines.add("park " + name + " " + point);
    }
    go(task);
    if (!point.isEmpty()) {
      lines.add("arrive " + name + " " + point + " => result=0");
    } else if (clean && task == 0 && !ended[1] && race.faultWaitsForOtherTask()) {
      ended[0] = true;
    } else {
      end(task);
    }
    parked[task] = point;
  }

  private void end(int task) {
    lines.add("await " + name(task));
    if (task == 1 && ended[0] && clean && race.faultWaitsForOtherTask()) {
      lines.add("await A");
    }
    ended[task] = true;
    if (task == 0 && !clean) {
      lines.addAll(race.epilogue(0));
    }
  }

  private void go(int task) {
    lines.add(
        begun[task]
            ? "release " + name(task) + " " + parked[task]
            : "begin " + name(task) + " " + race.command(task));
    begun[task] = true;
  }

  private void blocks(String function) {
    go(1);
    lines.add("blocked B => result=0 in=" + function);
    lines.add("release A " + parked[0]);
    lines.add("await A");
    lines.add("await B => result=0");
  }

  private static String name(int task) {
    return task == 0 ? "A" : "B";
  }
}
