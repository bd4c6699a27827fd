// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An order of tasks and steps, written as {@code A3 B1 A2}. Tasks are letters from A, in the order
 * of the scenario. Past the end of a schedule tasks run without preemption, the first runnable one
 * first.
 *
 * @param runs in order
 */
public record Schedule(List<Run> runs) {
  /** The limit of tasks, which are named by letters. */
  static final int MAX_TASKS = 26;

  private static final Pattern RUN = Pattern.compile("([A-Z])([1-9]\\d{0,8})");

  /**
   * Consecutive steps of one task.
   *
   * @param task index of the task, from 0
   * @param steps 1 or more
   */
  public record Run(int task, int steps) {
    /** Checks the ranges. */
    public Run {
      if (task < 0 || task >= MAX_TASKS || steps < 1) {
        throw new IllegalArgumentException("no run: task " + task + ", " + steps + " steps");
      }
    }

    @Override
    public String toString() {
      return (char) ('A' + task) + Integer.toString(steps);
    }
  }

  /** Copies the runs and joins neighbours of one task. */
  public Schedule {
    List<Run> joined = new ArrayList<>();
    for (Run run : runs) {
      if (!joined.isEmpty() && joined.getLast().task() == run.task()) {
        joined.add(new Run(run.task(), joined.removeLast().steps() + run.steps()));
      } else {
        joined.add(run);
      }
    }
    runs = List.copyOf(joined);
  }

  /**
   * Parses the form that {@link #toString} writes.
   *
   * @throws IllegalArgumentException if a word is not a run; the message names it
   */
  public static Schedule parse(String text) {
    List<Run> runs = new ArrayList<>();
    if (!text.isBlank()) {
      for (String word : List.of(text.strip().split("\\s+", -1))) {
        Matcher run = RUN.matcher(word);
        if (!run.matches()) {
          throw new IllegalArgumentException("not a run of a schedule: '" + word + "'");
        }
        runs.add(new Run(run.group(1).charAt(0) - 'A', Integer.parseInt(run.group(2))));
      }
    }
    return new Schedule(runs);
  }

  /** Returns the schedule that these steps followed. */
  static Schedule of(List<Step> steps) {
    return new Schedule(steps.stream().map(step -> new Run(step.task(), 1)).toList());
  }

  /** Returns the number of steps. */
  public int length() {
    return runs.stream().mapToInt(Run::steps).sum();
  }

  @Override
  public String toString() {
    return String.join(" ", runs.stream().map(Run::toString).toList());
  }
}
