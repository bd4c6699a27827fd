// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.Forgiveness;
import io.pmem4j.harness.backend.guest.GuestBackend;
import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.guest.qemu.QemuProcess;
import io.pmem4j.harness.guest.trace.Tracer;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.image.ImageTemplates;
import io.pmem4j.harness.image.WorkDirectory;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.wire.GuestException;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operation {@code cut lossy} on the model and on booted kernels. */
@Tag("powercuts")
class LossyCutIT {
  @BeforeEach
  void tools() {
    Required.programs(QemuProcess.executable(), "gcc", "e2fsck", "mke2fs");
    try {
      Tracer.prepare();
    } catch (GuestException e) {
      throw Required.missing(String.valueOf(e.getMessage()));
    }
  }

  private static List<Program> lossy() throws Exception {
    return ProgramLibrary.shipped().stream().filter(Program::cutsLossily).toList();
  }

  /**
   * The verb {@code conform} runs all of them, beside these tests. A program without a cut comes
   * last: its guest has no plugin again.
   */
  @Test
  @Timeout(300)
  void modelAndKernelKeepTheirPromises() throws Exception {
    assertThat(lossy()).hasSize(3);
    List<Program> programs =
        ProgramLibrary.shipped().stream()
            .filter(
                program -> List.of("cut-lossy-renamed", "fsync-promises").contains(program.name()))
            .toList();
    assertThat(programs.getLast().cutsLossily()).isFalse();
    long before = Forgiveness.LOSSY_CUT.applied();
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      List<ProgramResult> results = new ArrayList<>();
      new Conformance(backends).run(programs, results::add);
      assertThat(results)
          .hasSize(2)
          .allSatisfy(result -> {
            assertThat(result.findings()).isEmpty();
            assertThat(result.verdict()).isEqualTo(Verdict.AGREED);
          });
    }
    assertThat(Forgiveness.LOSSY_CUT.applied()).isGreaterThan(before);
  }

  /** Without write-backs fsync(2) promises what the cut takes. */
  @Test
  @Timeout(300)
  void aKernelThatWritesNothingBackIsFound() throws Exception {
    Program program =
        lossy().stream().filter(each -> each.name().equals("cut-lossy-mapped")).findFirst().get();
    try (WorkDirectory directory = new WorkDirectory();
        GuestBackend guest =
            GuestBackend.boot(
                Kernel.SERIES,
                Backends.spec(Kernel.SERIES, directory).withAppend("dax.lose=write-back"))) {
      ProgramRun run = new ProgramRun(program, new ImageTemplates(directory.path()));
      run.runOn(guest);
      assertThat(run.judge(List.of(guest), new E2fsck(directory.path())).findings())
          .anySatisfy(finding ->
              assertThat(finding).contains("PROMISE_BROKEN", "after the lossy power cut"));
    }
  }
}
