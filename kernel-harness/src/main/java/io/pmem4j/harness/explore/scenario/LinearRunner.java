// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramMount;
import io.pmem4j.harness.program.TaskProgram;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs pairs of thread operations under the explorer, over one image. Not thread-safe. */
public final class LinearRunner implements AutoCloseable {
  private static final int MAX_STEPS = 5_000;

  private final ThreadOperations operations = ThreadOperations.read();
  private final ModelMount mount;
  private @Nullable ScratchImage image;
  private int answers;

  private LinearRunner(ModelMount mount) {
    this.mount = mount;
  }

  /** Opens a runner for some handlers and an order. */
  public static LinearRunner open(Profile profile, LockOrder order) {
    return new LinearRunner(
        ScenarioRunner.mount(ProgramMount.DEFAULT.options(), profile, order, false));
  }

  /** Explores a pair or triple, as in {@code append+read}. */
  public Exploration explore(String name, Explorer explorer) throws IOException {
    return ScenarioRunner.explore(scenario(name), explorer.withMaxSteps(MAX_STEPS));
  }

  /** Runs one schedule of a pair or triple. */
  public Optional<Finding> replay(String name, Explorer explorer, Schedule schedule)
      throws IOException {
    return ScenarioRunner.replay(scenario(name), explorer.withMaxSteps(MAX_STEPS), schedule);
  }

  private LinearScenario scenario(String name) throws IOException {
    TaskProgram tasks = operations.program(name);
    Program program = tasks.program();
    if (image == null) {
      image = ScratchImage.make(program.image());
    }
    try {
      LinearScenario scenario = new LinearScenario(image, tasks, mount, operations.mayFail(name));
      answers = scenario.allowed();
      return scenario;
    } catch (Ext2Exception e) {
      throw new IllegalStateException(name + ": " + e.getMessage(), e);
    }
  }

  /** Returns the number of different answers that the orders of the last pair give. */
  public int answers() {
    return answers;
  }

  /** Returns the number of different images that runs have left; e2fsck checked each of them. */
  public int imagesChecked() {
    return image == null ? 0 : image.imagesChecked();
  }

  @Override
  public void close() {
    if (image != null) {
      image.close();
    }
  }
}
