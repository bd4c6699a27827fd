// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Scenario;
import io.pmem4j.explore.Vocabulary;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.TaskProgram;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A program with tasks as a scenario: its tasks run their operations in the explorer's
 * interleaving. The oracles are the program's expectations, the file system's own errors, the
 * checks of a frozen file system, e2fsck, and those that are asked for. Expectations about trace
 * events are not judged, because tasks share the trace.
 */
final class ProgramScenario implements Scenario {
  /** An oracle that a scenario may ask for. */
  enum Oracle {
    /** Damage to the files /a and /b, see {@link TwoFileOracle}. */
    TWO_FILES,
    /** The promises of fsync and its like; flushes and drains are points. */
    DURABILITY
  }

  private static final Set<Syscall> PROMISES =
      EnumSet.of(Syscall.FSYNC, Syscall.MSYNC, Syscall.SYNC, Syscall.FREEZE, Syscall.THAW);

  private final ScratchImage image;
  private final TaskProgram program;
  private final ModelMount mount;
  private final long alignment;
  private final Set<Oracle> oracles;

  ProgramScenario(
      ScratchImage image,
      TaskProgram program,
      ModelMount mount,
      long alignment,
      Set<Oracle> oracles) {
    this.image = image;
    this.program = program;
    this.mount = mount;
    this.alignment = alignment;
    this.oracles = Set.copyOf(oracles);
  }

  /** Returns the same without any but the first task. */
  ProgramScenario firstTaskOnly() {
    TaskProgram first =
        new TaskProgram(
            program.program(), program.prologue(), program.tasks().subList(0, 1), List.of());
    return new ProgramScenario(image, first, mount, alignment, oracles);
  }

  @Override
  public Vocabulary vocabulary() {
    return new Ext2Vocabulary();
  }

  @Override
  public Run start(Scheduler scheduler) throws Ext2Exception {
    SharedState durable =
        oracles.contains(Oracle.DURABILITY)
            ? new SharedState(scheduler, ImageState.DURABLE_LINES)
            : null;
    InstrumentedMemory memory = image.reset(scheduler, durable);
    FreezeObserver freeze = new FreezeObserver(scheduler);
    ModelMount observed = mount.on(freeze).observing(freeze::validator);
    ModelProcesses processes =
        durable == null
            ? ModelProcesses.mount(memory, program.program(), observed, alignment)
            : ModelProcesses.mountJudged(
                memory, program.program(), observed, alignment, image.lines(), durable::load);
    return new Started(processes, new FrozenCheck(memory, freeze));
  }

  private final class Started implements Run {
    private final ModelProcesses processes;
    private final FrozenCheck frozen;
    private final @Nullable TwoFileOracle files;
    private final List<Task> tasks = new ArrayList<>();

    Started(ModelProcesses processes, FrozenCheck frozen) throws Ext2Exception {
      this.processes = processes;
      this.frozen = frozen;
      this.files =
          oracles.contains(Oracle.TWO_FILES) ? new TwoFileOracle(processes, program.tasks()) : null;
      for (ProgramStep step : program.prologue()) {
        Outcome outcome = run(step);
        if (files != null) {
          files.prepared(step.operation(), outcome);
        }
      }
      if (files != null) {
        files.begin();
      }
      for (int i = 0; i < program.tasks().size(); i++) {
        int task = i;
        tasks.add(new Task(program.tasks().get(i).child(), () -> runTask(task)));
      }
    }

    private Outcome run(ProgramStep step) {
      Outcome outcome = frozen.run(step.operation(), processes::run);
      judge(step, outcome);
      return outcome;
    }

    private void runTask(int task) {
      List<ProgramStep> steps = program.tasks().get(task).steps();
      if (!steps.stream().allMatch(step -> promises(step.operation()))) {
        image.lines().beginOperation();
      }
      for (ProgramStep step : steps) {
        Outcome outcome = run(step);
        if (files != null && !files.goesOn(task, step, outcome)) {
          break;
        }
      }
      image.lines().endOperation();
    }

    @Override
    public List<Task> tasks() {
      return tasks;
    }

    @Override
    public void check() throws Throwable {
      program.epilogue().forEach(this::run);
      if (!processes.errors().isEmpty()) {
        throw new AssertionError("the file system reports: " + processes.errors().getFirst());
      }
      Set<Long> blocks = files == null ? Set.of() : files.check();
      processes.unmount();
      // Linux had nothing to tell it what mappings had stored before 4.5.
      if (!Lab.of(mount.instrumentation()).profile().holePages()
          && blocks.stream().anyMatch(image.lines()::isUnflushed)) {
        throw new DamageError(Damage.UNDURABLE_STORE);
      }
      String complaint = image.fsck();
      if (!complaint.isEmpty()) {
        throw DamageError.ofE2fsck(complaint);
      }
    }
  }

  /** Returns true for a call that does nothing but promise durability. */
  private static boolean promises(Operation operation) {
    return operation.withoutChild() instanceof Operation.Call call
        && PROMISES.contains(call.syscall());
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
