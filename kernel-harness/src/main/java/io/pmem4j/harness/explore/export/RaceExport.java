// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.harness.backend.model.ModelPoint;
import io.pmem4j.harness.backend.model.ModelPoint.Path;
import io.pmem4j.sched.Scheduler.Point;
import java.util.List;
import java.util.Optional;

/** The parts of a kernel program that reproduces one kind of race; task A is the fault. */
sealed interface RaceExport permits TruncationRace, WritebackRace, ZeroPageRace {
  /** Returns true for a step of a kind on a lock of a class, or on a kind of state. */
  static boolean is(Step step, Step.Kind kind, Enum<?> subject) {
    return step.kind() == kind && step.subject() == subject;
  }

  /** Why none of the kernels can follow its schedules; empty if one may. */
  Optional<String> obstacle(Profile profile);

  /** Returns whether a program can show the damage of a finding. */
  boolean canBeShownBy(Finding finding);

  /** Returns the kernels of a program: those that have the damage, or those that do not. */
  String kernels(boolean clean);

  /** Files, mappings and processes, before the tasks begin. */
  List<String> prologue();

  /** Returns the operation of a task as program text. */
  String command(int task);

  /** Returns whether the other task has finished its operation, though the model's task goes on. */
  default boolean isDone(List<Step> done) {
    return false;
  }

  /** Returns the path of a task, whose points are those of its kernel's twin. */
  Path path(int task);

  /**
   * Returns the point at which the kernel's task is parked where the model's task stops: the last
   * that it has come by.
   *
   * @param all its steps
   * @param done how many of them are done
   * @return empty if no point is there
   */
  default Optional<String> pointOf(int task, List<Step> all, int done) {
    for (int i = done - 1; i >= 0; i--) {
      Step step = all.get(i);
      if (step.kind() == Step.Kind.START || step.kind() == Step.Kind.WAKE) {
        continue;
      }
      boolean thenMutex =
          i + 1 < all.size() && is(all.get(i + 1), Step.Kind.ACQUIRE, LockClass.TRUNCATE_MUTEX);
      Optional<ModelPoint> point =
          ModelPoint.behind(
              path(task), Point.valueOf(step.kind().name()), step.subject(), thenMutex);
      if (point.isPresent()) {
        return point.map(ModelPoint::label);
      }
    }
    return Optional.empty();
  }

  /** The function that the other task sleeps in where nothing is damaged; empty if in none. */
  default Optional<String> blockedIn() {
    return Optional.empty();
  }

  /** Returns whether the fault ends only after the other task, on kernels without damage. */
  default boolean faultWaitsForOtherTask() {
    return false;
  }

  /** Returns the operations that follow the end of a task, on kernels with damage. */
  default List<String> epilogue(int task) {
    return List.of();
  }

  /**
   * Returns the operations with the expectations that hold in the end, whatever the schedule was.
   */
  List<String> assertions(boolean clean);
}
