// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.backend.BackendException;
import io.pmem4j.harness.backend.KernelChoices;
import io.pmem4j.harness.backend.ProgramBackend;
import io.pmem4j.harness.backend.Session;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.image.E2fsck;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.program.Syscall;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A guest that dies under one program does not take the next one with it. */
class GuestBackendIT {
  private static final Program INNOCENT =
      program("innocent", "open g /b rw creat => result=0\npwrite g 0 x41 => result=1\n");

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
    try (Backends backends = Backends.open(List.of("guest:merged"), Scheduler.production())) {
      ProgramBackend backend = backends.all().getFirst();
      Session first = backend.begin(program, backends.templates(), new KernelChoices());
      ProcessHandle guest = guests().getFirst();
      guest.destroyForcibly();
      guest.onExit().get(10, TimeUnit.SECONDS);
      assertThatThrownBy(() -> first.run(Syscall.SYNC.of()))
          .isInstanceOfSatisfying(
              BackendException.class,
              failure -> {
                assertThat(failure.outcome()).isEqualTo("QEMU_DIED");
                assertThat(failure.isFinding()).isFalse();
                assertThat(failure.describe()).doesNotContain("\n").containsOnlyOnce("QEMU_DIED");
              });
      first.abandon();
      assertThat(guests()).isEmpty();

      Session second = backend.begin(program, backends.templates(), new KernelChoices());
      assertThat(second.run(Syscall.SYNC.of()).values()).containsEntry("result", "0");
      assertThat(E2fsck.check(second.end().orElseThrow())).isEmpty();
    }
    assertThat(guests()).isEmpty();
  }

  @Test
  void aKernelsGenerationIsReadBackForTheModel() throws Exception {
    Program program = ProgramLibrary.shipped().getFirst();
    try (Backends backends = Backends.open(List.of("guest:merged"), Scheduler.production())) {
      KernelChoices choices = new KernelChoices();
      Session session = backends.all().getFirst().begin(program, backends.templates(), choices);
      session.run(Syscall.OPEN.of("f", "/a", 2 | 0100, 0644));
      assertThat(Integer.toUnsignedString(choices.generationBase()))
          .isEqualTo(session.run(Syscall.FSTAT.of("f")).values().get("generation"));
      assertThat(session.end()).isPresent();
    }
  }

  /**
   * The program of the power cut expects the name to be gone; that expectation fails if the name is
   * synced before the cut.
   */
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
    try (Backends backends = Backends.open(List.of("guest:merged"), Scheduler.production())) {
      assertThat(new Conformance(backends).run(program).findings())
          .containsExactly(
              "line 8: open g /lost ro: guest:merged misses result=-1",
              "line 8: open g /lost ro: guest:merged misses errno=ENOENT");
    }
  }

  /**
   * A frozen file system outlives umount(2), and the next mount of it hung the next program. A
   * session therefore undoes what its program left: any freeze, under any identity.
   */
  @Test
  void whatAProgramLeftBehindDoesNotReachTheNext() throws Exception {
    List<Program> programs =
        List.of(
            program("frozen", "open f /a rw creat\nfreeze\n"),
            INNOCENT,
            program(
                "frozen-by-a-child",
                """
                open f /a rw creat
                open g /g rw creat
                unlink /g
                pwrite g 0 x41
                fork c
                in c freeze
                """),
            INNOCENT,
            program("frozen-by-nobody", "open f /a rw creat\nfreeze\nbecome 65534 65534\n"),
            INNOCENT,
            program("read-only", "open f /a rw creat\nclose f\nremount ro\n"),
            INNOCENT,
            program("full", "image 8m\nopen f /a rw creat\nfill f\n"),
            INNOCENT,
            program("immutable", "open f /b rw creat\nsetflags /b 16\nmkdir /d 0\n"),
            INNOCENT,
            program("armed", "open f /a rw creat\nfork c\npark c alloc-before-mutex\n"),
            program("a-child", "open f /b rw creat\nfork c\nin c pwrite f 0 x41 => result=1\n"),
            INNOCENT);
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      for (Program each : programs) {
        ProgramResult result = conformance.run(each);
        assertThat(result.findings()).as(each.name()).isEmpty();
        assertThat(result.verdict())
            .as(each.name())
            .isIn(
                ProgramResult.Verdict.AGREED,
                ProgramResult.Verdict.PARTIAL,
                ProgramResult.Verdict.OMITTED);
      }
      assertThat(guests()).as("no guest had to be booted anew").hasSize(1);
    }
  }

  private static Program program(String name, String text) {
    try {
      return ProgramParser.parse(name, text);
    } catch (ProgramSyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
