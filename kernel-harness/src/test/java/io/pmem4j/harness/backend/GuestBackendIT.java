// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A guest that dies under one program does not take the next one with it. */
class GuestBackendIT {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
  }

  private static List<ProcessHandle> guests() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").contains("qemu-system"))
        .toList();
  }

  @Test
  void theNextProgramGetsAnotherGuest() throws Exception {
    Program program = ProgramLibrary.shipped().getFirst();
    try (Laboratory laboratory = Laboratory.open(List.of("guest:merged"), Scheduler.production())) {
      Backend backend = laboratory.backends().getFirst();
      Session first = backend.begin(program, laboratory.pristine(), new KernelChoices());
      ProcessHandle guest = guests().getFirst();
      guest.destroyForcibly();
      guest.onExit().get(10, TimeUnit.SECONDS);
      assertThatThrownBy(() -> first.run(new Operation.Sync()))
          .isInstanceOfSatisfying(
              BackendException.class,
              failure -> {
                assertThat(failure.outcome()).isEqualTo("QEMU_DIED");
                assertThat(failure.isFinding()).isFalse();
                assertThat(failure.describe()).doesNotContain("\n").containsOnlyOnce("QEMU_DIED");
              });
      first.abandon();
      assertThat(guests()).isEmpty();

      Session second = backend.begin(program, laboratory.pristine(), new KernelChoices());
      assertThat(second.run(new Operation.Sync()).values()).containsEntry("result", "0");
      assertThat(ImageMaker.check(second.end().orElseThrow())).isEmpty();
    }
    assertThat(guests()).isEmpty();
  }

  @Test
  void aKernelsGenerationIsReadBackForTheModel() throws Exception {
    Program program = ProgramLibrary.shipped().getFirst();
    try (Laboratory laboratory = Laboratory.open(List.of("guest:merged"), Scheduler.production())) {
      KernelChoices choices = new KernelChoices();
      Session session =
          laboratory.backends().getFirst().begin(program, laboratory.pristine(), choices);
      session.run(new Operation.Open("f", "/a", 2 | 0100, 0644));
      assertThat(Integer.toUnsignedString(choices.generationBase()))
          .isEqualTo(session.run(new Operation.Fstat("f")).values().get("generation"));
      assertThat(session.end()).isPresent();
    }
  }

  /** What the program of the power cut claims fails where the name is synced before the cut. */
  @Test
  void aNameThatWasSyncedSurvivesThePowerCut() throws Exception {
    Program program =
        ProgramParser.parse(
            "synced",
            """
            scope ext2

            open      f /kept rw creat
            open      g /lost rw creat
            syncfs    g
            power-cut
            open      f /kept rw  => result=0
            open      g /lost ro  => result=-1 errno=ENOENT
            """);
    try (Laboratory laboratory = Laboratory.open(List.of("guest:merged"), Scheduler.production())) {
      assertThat(new Conformance(laboratory).run(program).findings())
          .containsExactly(
              "line 8: open g /lost ro: guest:merged misses result=-1",
              "line 8: open g /lost ro: guest:merged misses errno=ENOENT");
    }
  }
}
