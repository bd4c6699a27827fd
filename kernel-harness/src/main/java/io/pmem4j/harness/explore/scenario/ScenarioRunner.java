// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Scenario;
import io.pmem4j.explore.Schedule;
import io.pmem4j.explore.Step;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Instrumentation;
import io.pmem4j.ext2.MountOptions;
import io.pmem4j.ext2.lab.Lab;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Runs scenarios under the explorer, each over a scratch image with its files. Not thread-safe. */
public final class ScenarioRunner implements AutoCloseable {
  /** Several times the steps of the longest pair: a task that needs more is a livelock. */
  private static final int MAX_STEPS = 1200;

  /** Blocks of the file systems for which the files are laid out. */
  private static final int SMALL_BLOCKS = 64;

  private static final int HUGE_BLOCKS = 1100;

  private final ModelMount mount;
  private final Map<Boolean, ScratchImage> images = new HashMap<>();

  private ScenarioRunner(ModelMount mount) {
    this.mount = mount;
  }

  /**
   * Opens a runner. Without {@code dax_sem} the postconditions of truncation are not checked: their
   * failure would hide the damage that follows.
   *
   * @param profile the fault handlers
   * @param order the lock order
   */
  public static ScenarioRunner open(Profile profile, LockOrder order) {
    return open(profile, order, !order.equals(LabOrders.NO_DAX_SEM));
  }

  /**
   * Opens a runner.
   *
   * @param promises true if a broken postcondition of truncation or of a fault handler is a finding
   *     even without damage
   */
  public static ScenarioRunner open(Profile profile, LockOrder order, boolean promises) {
    return new ScenarioRunner(
        mount("dax,oldalloc,noatime,noreservation", profile, order, promises));
  }

  static ModelMount mount(String words, Profile profile, LockOrder order, boolean promises) {
    try {
      return new ModelMount(
          MountOptions.parse(words),
          Instrumentation.production()
              .withIsolationChecks(promises)
              .withVariation(Lab.of(profile, order)));
    } catch (Ext2Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Explores one scenario. */
  public Exploration explore(NamedScenario scenario, Explorer explorer) throws IOException {
    return explore(program(scenario), explorer.withMaxSteps(MAX_STEPS));
  }

  static Exploration explore(Scenario scenario, Explorer bounded) {
    Exploration found = bounded.explore(scenario);
    return new Exploration(
        found.schedules(),
        found.steps(),
        found.complete(),
        found.findings().stream().map(each -> annotated(bounded, scenario, each)).toList(),
        found.nanos());
  }

  /** Runs one schedule. */
  public Optional<Finding> replay(NamedScenario scenario, Explorer explorer, Schedule schedule)
      throws IOException {
    return replay(program(scenario), explorer.withMaxSteps(MAX_STEPS), schedule);
  }

  static Optional<Finding> replay(Scenario scenario, Explorer bounded, Schedule schedule) {
    return bounded.replay(scenario, schedule).map(found -> annotated(bounded, scenario, found));
  }

  /** Adds to each step of a finding the methods of the file system that it went through. */
  private static Finding annotated(Explorer explorer, Scenario scenario, Finding finding) {
    return explorer.annotate(
        scenario,
        finding,
        type -> type.startsWith("io.pmem4j.ext2.") && !type.startsWith("io.pmem4j.ext2.lock."));
  }

  /** Returns the steps that an operation announces when it runs alone. */
  public List<Step> alone(String operation, boolean huge) throws IOException {
    ProgramScenario pair = program(ScenarioCatalog.of(operation, operation, huge));
    return Explorer.bounded(0).trace(pair.firstTaskOnly(), Schedule.parse("")).steps();
  }

  private ProgramScenario program(NamedScenario scenario) throws IOException {
    Set<ProgramScenario.Oracle> oracles = EnumSet.of(ProgramScenario.Oracle.TWO_FILES);
    if (scenario.durability()) {
      oracles.add(ProgramScenario.Oracle.DURABILITY);
    }
    return new ProgramScenario(
        image(scenario.huge()), ScenarioCatalog.program(scenario), mount, 0, oracles);
  }

  private ScratchImage image(boolean huge) throws IOException {
    ScratchImage known = images.get(huge);
    if (known == null) {
      known = imageWithFiles(mount, huge);
      images.put(huge, known);
    }
    return known;
  }

  /** Makes an image with the files of scenarios, on which every run begins. */
  static ScratchImage imageWithFiles(ModelMount mount, boolean huge) throws IOException {
    ScratchImage image = ScratchImage.make(huge ? HUGE_BLOCKS : SMALL_BLOCKS);
    Program program = ScenarioCatalog.files(huge);
    try {
      ModelProcesses processes =
          ModelProcesses.mount(image.reset(Scheduler.production(), null), program, mount, 0);
      for (ProgramStep step : program.steps()) {
        Outcome outcome = processes.run(step.operation());
        if (!outcome.errno().isEmpty() || !outcome.unsatisfied(step.expected()).isEmpty()) {
          throw new IllegalStateException(step.text() + ": " + outcome);
        }
      }
      processes.unmount();
    } catch (Ext2Exception e) {
      throw new IllegalStateException("the files of the scenarios cannot be created", e);
    }
    image.snapshot();
    return image;
  }

  /** Returns the number of different images that runs have left; e2fsck checked each of them. */
  public int imagesChecked() {
    return images.values().stream().mapToInt(ScratchImage::imagesChecked).sum();
  }

  @Override
  public void close() {
    images.values().forEach(ScratchImage::close);
  }
}
