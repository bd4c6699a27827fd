// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.model.ModelMount;
import io.pmem4j.harness.backend.model.ModelProcesses;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.harness.program.TaskProgram;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scenarios are programs of the one language. */
class ScenarioCatalogTest {
  private static Stream<NamedScenario> all() {
    return Stream.concat(
        ScenarioCatalog.named().stream(), ScenarioCatalog.pairs(Profile.SERIES).stream());
  }

  @Test
  void everyScenarioIsAProgramThatCanBeWrittenAndRead() throws Exception {
    for (NamedScenario scenario : all().toList()) {
      TaskProgram program = ScenarioCatalog.program(scenario);
      assertThat(program.tasks())
          .extracting(TaskProgram.Task::child)
          .isEqualTo(scenario.operations());
      Program prologue = program.program();
      assertThat(ProgramParser.parse("again", ProgramText.of(prologue)).steps())
          .extracting(ProgramStep::operation)
          .isEqualTo(prologue.steps().stream().map(ProgramStep::operation).toList());
    }
  }

  @Test
  void noPlaceholderIsLeft() {
    assertThat(all().map(ScenarioCatalog::program))
        .flatExtracting(program -> {
          List<ProgramStep> steps = new ArrayList<>(program.prologue());
          program.tasks().forEach(task -> steps.addAll(task.steps()));
          return steps;
        })
        .extracting(ProgramStep::text)
        .noneMatch(text -> text.contains("{"));
  }

  @Test
  void anOperationThatDoesNotExistIsNamed() {
    assertThatThrownBy(
            () -> ScenarioCatalog.program(ScenarioCatalog.of("write-hole", "write-whole", false)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("unknown operation 'write-whole', expected one of read-hole, ");
  }

  /** The files have the layout that PMD faults need. */
  @ParameterizedTest
  @EnumSource(names = {"SERIES", "V4_4"})
  void oneEntryMapsTheLargeFile(Profile profile) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    ModelMount mount =
        ScenarioRunner.mount("dax,oldalloc,noatime,noreservation", profile, LockOrder.MERGED, true);
    NamedScenario pair = ScenarioCatalog.of("read-block", "read-block", true);
    try (ScratchImage image = ScenarioRunner.imageWithFiles(mount, true)) {
      ModelProcesses processes =
          ModelProcesses.mount(
              image.reset(Scheduler.production(), null),
              ScenarioCatalog.program(pair).program(),
              mount,
              0);
      ScenarioCatalog.program(pair).prologue().forEach(step -> processes.run(step.operation()));
      processes.run(new Operation.In("A", Syscall.LOAD.of("mA", 0, 1)));
      assertThat(
              processes.memory("A").pagemap(processes.mapping("A", "mA").orElseThrow(), 0).huge())
          .isTrue();
      processes.unmount();
    }
  }

  /** A child of a child, which the operation fork needs. */
  @Test
  void aTaskForksAChildOfItsOwn() throws Exception {
    Required.programs("mke2fs", "e2fsck");
    ModelMount mount =
        ScenarioRunner.mount(
            "dax,oldalloc,noatime,noreservation", Profile.LINUX_5_10, LockOrder.MERGED, true);
    TaskProgram program = ScenarioCatalog.program(ScenarioCatalog.of("fork", "fork", false));
    try (ScratchImage image = ScenarioRunner.imageWithFiles(mount, false)) {
      ModelProcesses processes =
          ModelProcesses.mount(
              image.reset(Scheduler.production(), null), program.program(), mount, 0);
      program.prologue().forEach(step -> processes.run(step.operation()));
      List<Outcome> outcomes =
          program.tasks().getFirst().steps().stream()
              .map(step -> processes.run(step.operation()))
              .toList();
      // The parent keeps its own byte: the child's store copied the page.
      assertThat(outcomes.getLast().values()).containsEntry("data", "61");
      processes.unmount();
    }
  }

  /** The oracles of the files are sharp: damage that only they see. */
  @ParameterizedTest
  @ValueSource(strings = {"fault-vs-truncate", "zero-page-vs-truncate"})
  void damageWithoutDaxSemIsTyped(String name) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.NO_DAX_SEM)) {
      Exploration result =
          runner.explore(ScenarioCatalog.find(name).orElseThrow(), Explorer.bounded(1));
      assertThat(result.findings()).anyMatch(Damage.MAPPED_PAST_EOF::isShownBy);
    }
  }
}
