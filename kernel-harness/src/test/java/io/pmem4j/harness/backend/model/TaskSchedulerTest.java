// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs with tasks run on the model; a wait that no task can end is a finding, not a hang. */
class TaskSchedulerTest {
  @ParameterizedTest
  @CsvSource({
    "freeze,            pwrite f 0 x41,    FreezeGate",
    "flock f exclusive, flock g exclusive, FileLock"
  })
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void anEndlessWaitIsAFinding(String before, String waits, String blocker) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      ProgramResult result =
          new Conformance(backends)
              .run(
                  ProgramParser.parse(
                      "waits",
                      "open f /a rw creat\nopen g /a rw\n" + before + "\n" + waits + "\n"));
      assertThat(result.findings())
          .containsExactly(
              "model: HANG: model: "
                  + waits
                  + ": waits for ever for "
                  + blocker
                  + ": no other task runs");
    }
  }

  private static ProgramResult run(Kernel kernel, Program program) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production());
        WorkDirectory directory = new WorkDirectory();
        ModelBackend model = new ModelBackend(directory.path(), Scheduler.production(), kernel)) {
      return new Conformance(backends, List.of(model)).run(program);
    }
  }

  private static Program shipped(String name) throws Exception {
    return ProgramLibrary.shipped().stream()
        .filter(program -> program.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aProgramForAnotherKernelIsOmitted() throws Exception {
    assertThat(run(Kernel.MERGED, shipped("race-fault-truncate-damage")).notes())
        .containsExactly(
            "model: not run: the program is for kernel unlocked, before, patch1,"
                + " truncate-mutex-first; the model follows merged");
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aTaskThatNeverEndsIsAFinding() throws Exception {
    Program program =
        ProgramParser.parse(
            "endless",
            """
            open f /a rw creat
            fork F
            freeze
            begin F pwrite f 0 x41
            await F => result=running
            """);
    assertThat(run(Kernel.MERGED, program).findings())
        .containsExactly(
            "model: HANG: model: a task waits for ever for FreezeGate: no other task can go on");
  }

  @Test
  void aPointThatTheModelLacksEndsWhatIsCompared() throws Exception {
    Program program =
        ProgramParser.parse(
            "lacking",
            """
            open f /a rw creat
            fork F
            park F pmd-looked-up
            """);
    assertThat(run(Kernel.MERGED, program).notes())
        .containsExactly(
            "model: not run: 1 of 3 operations: the model lacks the point pmd-looked-up");
  }
}
