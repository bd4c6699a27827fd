// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.Profile;
import java.util.List;
import java.util.Optional;

/** What a program for the kernels is made of, for one kind of race: task A is the fault. */
sealed interface RaceExport permits TruncationRace, WritebackRace, ZeroPageRace {
  /** A row of a table: after this step the kernel has come by this point. */
  record Row(Step.Kind kind, String object, String point) {
    /** Whether a step is of the row's kind, and on what it names. */
    boolean isOf(Step step) {
      return is(step, kind, object);
    }
  }

  /** Whether a step is of a kind, and on what is named. */
  static boolean is(Step step, Step.Kind kind, String object) {
    return step.kind() == kind && step.object().contains(object);
  }

  /** The last point of a table that a task has come by. */
  static Optional<String> last(List<Row> table, List<Step> done) {
    Optional<String> last = Optional.empty();
    for (Step step : done) {
      for (Row row : table) {
        if (row.isOf(step)) {
          last = Optional.of(row.point());
        }
      }
    }
    return last;
  }

  /** Why none of the kernels can follow its schedules; empty if one may. */
  Optional<String> obstacle(Profile profile);

  /** Whether a program can look for the damage of a finding. */
  boolean canBeShownBy(Finding finding);

  /** The kernels that a program is for: those that have the damage, or those that have it not. */
  String kernels(boolean clean);

  /** Files, mappings and processes, before the tasks begin. */
  List<String> prologue();

  /** What a task does, as program text. */
  String command(int task);

  /** Whether the other task has done what it is for, though the model's goes on. */
  default boolean isDone(List<Step> done) {
    return false;
  }

  /**
   * Where the kernel's task is held when the model's stops.
   *
   * @param all its steps
   * @param done how many of them are done
   * @return empty if no point is there
   */
  Optional<String> pointOf(int task, List<Step> all, int done);

  /** The function that the other task sleeps in where nothing is damaged; empty if in none. */
  default Optional<String> blockedIn() {
    return Optional.empty();
  }

  /** Whether the fault only ends when the other task does, where nothing is damaged. */
  default boolean faultWaitsForOtherTask() {
    return false;
  }

  /** What is done as soon as a task has ended, where there is damage. */
  default List<String> epilogue(int task) {
    return List.of();
  }

  /** What must hold in the end, whatever the schedule was. */
  List<String> assertions(boolean clean);
}
