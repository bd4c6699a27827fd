// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Scenario;
import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.TaskProgram;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;

/**
 * A program with tasks as a scenario: its children run their operations in the explorer's
 * interleaving. The oracles are the program's expectations, the file system's own errors and
 * e2fsck. Expectations about trace events are not judged, because tasks share the trace.
 */
final class ProgramScenario implements Scenario {
  private final ScratchImage image;
  private final TaskProgram program;
  private final ModelMount mount;
  private final long alignment;

  ProgramScenario(ScratchImage image, TaskProgram program, ModelMount mount, long alignment) {
    this.image = image;
    this.program = program;
    this.mount = mount;
    this.alignment = alignment;
  }

  @Override
  public Vocabulary vocabulary() {
    return new Ext2Vocabulary();
  }

  @Override
  public Run start(Scheduler scheduler) throws Ext2Exception {
    ModelProcesses processes =
        ModelProcesses.mount(
            image.reset(scheduler, null), program.program(), mount.on(scheduler), alignment);
    program.prologue().forEach(step -> judge(step, processes.run(step.operation())));
    List<Task> tasks = new ArrayList<>();
    for (TaskProgram.Task task : program.tasks()) {
      tasks.add(
          new Task(
              task.child(),
              () ->
                  task.steps()
                      .forEach(
                          step -> judge(step, processes.run(task.child(), step.operation())))));
    }
    return new Run() {
      @Override
      public List<Task> tasks() {
        return tasks;
      }

      @Override
      public void check() throws Throwable {
        program.epilogue().forEach(step -> judge(step, processes.run(step.operation())));
        if (!processes.errors().isEmpty()) {
          throw new AssertionError("the file system reports: " + processes.errors().getFirst());
        }
        processes.unmount();
        String complaint = image.fsck();
        if (!complaint.isEmpty()) {
          throw DamageError.ofE2fsck(complaint);
        }
      }
    };
  }

  private static void judge(ProgramStep step, Outcome outcome) {
    for (String token : step.expected()) {
      if (!Outcome.isAboutEvents(token) && !outcome.satisfies(token)) {
        throw new AssertionError(
            "line %d: %s: %s expected, found %s"
                .formatted(step.line(), step.text(), token, outcome.values()));
      }
    }
  }
}
