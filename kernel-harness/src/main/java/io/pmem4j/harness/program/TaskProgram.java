// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program whose children run at the same time, divided for an explorer of interleavings. The
 * lines that park and release tasks in a kernel are left out: an explorer tries every schedule.
 *
 * @param program the program
 * @param prologue the steps before the first {@code begin}
 * @param tasks the operations of each child, in the order of their first {@code begin}
 * @param epilogue the steps after the last {@code await}
 */
public record TaskProgram(
    Program program, List<ProgramStep> prologue, List<Task> tasks, List<ProgramStep> epilogue) {
  private static final int MAX_TASKS = 3;

  /**
   * The operations of one child.
   *
   * @param child the name of the child, or of what the task does
   * @param steps its operations, each with the child that makes it, with the expectations of their
   *     {@code await} lines
   */
  public record Task(String child, List<ProgramStep> steps) {
    /** Copies the list. */
    public Task {
      steps = List.copyOf(steps);
    }
  }

  /** Copies the lists. */
  public TaskProgram {
    prologue = List.copyOf(prologue);
    tasks = List.copyOf(tasks);
    epilogue = List.copyOf(epilogue);
  }

  /**
   * Divides a program.
   *
   * @throws IllegalArgumentException if it has not two or three tasks, or if the program itself
   *     does something while they run
   */
  public static TaskProgram of(Program program) {
    List<ProgramStep> steps = program.steps();
    int first = first(steps);
    int last = last(steps);
    List<ProgramStep> prologue = new ArrayList<>();
    List<ProgramStep> epilogue = new ArrayList<>();
    Map<String, List<ProgramStep>> tasks = new LinkedHashMap<>();
    for (int i = 0; i < steps.size(); i++) {
      ProgramStep step = steps.get(i);
      if (isOfSchedule(step.operation())) {
        continue;
      }
      if (i < first) {
        prologue.add(step);
      } else if (i > last) {
        epilogue.add(step);
      } else {
        addToTask(program, step, tasks);
      }
    }
    if (tasks.size() < 2 || tasks.size() > MAX_TASKS) {
      throw new IllegalArgumentException(
          "%s: %d children begin an operation, expected 2 or %d: fork them, then begin CHILD OPERATION"
              .formatted(program.name(), tasks.size(), MAX_TASKS));
    }
    List<Task> all = new ArrayList<>();
    tasks.forEach((child, operations) -> all.add(new Task(child, operations)));
    return new TaskProgram(program, prologue, all, epilogue);
  }

  private static void addToTask(
      Program program, ProgramStep step, Map<String, List<ProgramStep>> tasks) {
    switch (step.operation()) {
      case Operation.Begin begin ->
          tasks
              .computeIfAbsent(begin.child(), _ -> new ArrayList<>())
              .add(
                  new ProgramStep(
                      step.line(),
                      step.text(),
                      new Operation.In(begin.child(), begin.operation()),
                      List.of()));
      case Operation.Await await -> {
        List<ProgramStep> of = tasks.getOrDefault(await.child(), List.of());
        ProgramStep begun = of.getLast();
        of.set(
            of.size() - 1,
            new ProgramStep(begun.line(), begun.text(), begun.operation(), step.expected()));
      }
      default ->
          throw new IllegalArgumentException(
              "%s:%d: '%s' runs while tasks run, expected before the first begin or after the last await"
                  .formatted(program.name(), step.line(), step.text()));
    }
  }

  private static int first(List<ProgramStep> steps) {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).operation() instanceof Operation.Begin) {
        return i;
      }
    }
    return steps.size();
  }

  private static int last(List<ProgramStep> steps) {
    for (int i = steps.size() - 1; i >= 0; i--) {
      Operation operation = steps.get(i).operation();
      if (operation instanceof Operation.Begin || operation instanceof Operation.Await) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isOfSchedule(Operation operation) {
    return operation instanceof Operation.Park
        || operation instanceof Operation.Arrive
        || operation instanceof Operation.Release
        || operation instanceof Operation.Blocked;
  }
}
