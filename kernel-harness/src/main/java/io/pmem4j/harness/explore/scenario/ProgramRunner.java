// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.backend.ProgramPart;
import io.pmem4j.harness.backend.model.ModelSession;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.TaskProgram;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Runs one program with tasks under the explorer, over a scratch image. Not thread-safe. */
public final class ProgramRunner implements AutoCloseable {
  /** More than two tasks of a program need: a task that needs more is a livelock. */
  private static final int MAX_STEPS = 20_000;

  private static final long HUGE_PAGE_BYTES = 2 << 20;

  private final ScratchImage image;
  private final ProgramScenario scenario;

  private ProgramRunner(ScratchImage image, ProgramScenario scenario) {
    this.image = image;
    this.scenario = scenario;
  }

  /**
   * Makes the program's image.
   *
   * @param promises as {@link ScenarioRunner#open(Profile, LockOrder, boolean)}
   * @throws IllegalArgumentException if the model lacks something that the program needs
   */
  public static ProgramRunner open(
      TaskProgram program, Profile profile, LockOrder order, boolean promises) throws IOException {
    requireWhole(program);
    ScratchImage image = ScratchImage.make(program.program().image());
    return new ProgramRunner(
        image,
        new ProgramScenario(
            image,
            program,
            ScenarioRunner.mount(program.program().mount().options(), profile, order, promises),
            profile.fourHandlers() ? HUGE_PAGE_BYTES : 0,
            Set.of()));
  }

  private static void requireWhole(TaskProgram tasks) {
    Program program = tasks.program();
    Stream.of(
            tasks.prologue(),
            tasks.tasks().stream().flatMap(task -> task.steps().stream()).toList(),
            tasks.epilogue())
        .flatMap(List::stream)
        .forEach(step -> requireKnown(program, step));
  }

  private static void requireKnown(Program program, ProgramStep step) {
    Optional<ProgramPart.Lack> lack = ModelSession.lacks(step.operation());
    if (lack.isPresent()) {
      throw new IllegalArgumentException(
          program.name() + ":" + step.line() + ": " + lack.get().what());
    }
  }

  /** Explores the program. */
  public Exploration explore(Explorer explorer) {
    return ScenarioRunner.explore(scenario, explorer.withMaxSteps(MAX_STEPS));
  }

  /** Runs one schedule. */
  public Optional<Finding> replay(Explorer explorer, Schedule schedule) {
    return ScenarioRunner.replay(scenario, explorer.withMaxSteps(MAX_STEPS), schedule);
  }

  /** Returns the number of different images that runs have left; e2fsck checked each of them. */
  public int imagesChecked() {
    return image.imagesChecked();
  }

  @Override
  public void close() {
    image.close();
  }
}
