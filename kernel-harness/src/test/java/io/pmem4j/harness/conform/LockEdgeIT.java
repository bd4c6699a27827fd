// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.kernel.KernelDifference;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.generator.ProgramGenerator;
import io.pmem4j.harness.report.Summary;
import io.pmem4j.harness.report.Tally;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The model and each kernel answer alike, leave the same images, and take the same locks under each
 * other.
 */
@Tag("kernels")
class LockEdgeIT {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "gcc", "qemu-system-x86_64");
  }

  private static Program program(String name, String... operations) throws Exception {
    return ProgramParser.parse(
        name, "id X\ntitle " + name + "\nscope ext2\n\n" + String.join("\n", operations) + "\n");
  }

  /**
   * Runs programs, which agree, and reads the lock graph as often as the audit asks for. Locks are
   * compared if both backends run a program whole.
   */
  private static Map<Program, List<String>> run(
      Backends backends, List<Program> programs, LockAudit locks, Consumer<ProgramResult> results)
      throws Exception {
    Map<Program, List<String>> found = new HashMap<>();
    Conformance conformance = new Conformance(backends);
    Consumer<ProgramResult> agrees =
        result -> assertThat(result.findings()).as(result.program().name()).isEmpty();
    List<Program> whole = programs.stream().filter(conformance::isWhole).toList();
    int to;
    for (int from = 0; from < whole.size(); from = to) {
      to = Math.min(from + locks.due(), whole.size());
      conformance.run(whole.subList(from, to), agrees.andThen(results));
      found.putAll(locks.after(whole.subList(from, to)));
    }
    conformance.run(
        programs.stream().filter(program -> !conformance.isWhole(program)).toList(),
        agrees.andThen(results));
    return found;
  }

  /**
   * Nothing was new for several programs, so the reading came late, and the kernel that took the
   * edge is gone by then; whose edge it is, is known.
   */
  @Test
  @OnMutant("no-dax-sem")
  void aFindingBeforeAPowerCutIsTracedToItsProgram() throws Exception {
    Program write = program("write", "open f /a rw creat", "pwrite f 0 x41", "ftruncate f 0");
    Program store =
        program(
            "store",
            "open f /a rw creat",
            "ftruncate f 4096",
            "mmap m f 0 4096 rw shared",
            "store m 0 x41");
    Map<Program, List<String>> found = new HashMap<>();
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      LockAudit locks = LockAudit.of(backends);
      while (locks.due() < 4) {
        assertThat(run(backends, List.of(write), locks, _ -> {})).isEmpty();
      }
      List<Program> programs =
          List.of(
              write,
              store,
              program("cut", "open f /b rw creat", "pwrite f 0 x42", "cut lossy 1"),
              write);
      found.putAll(run(backends, programs, locks, _ -> {}));
      assertThat(locks.due()).as("new again, so read again soon").isEqualTo(1);
    }
    assertThat(found).containsOnlyKeys(store);
    assertThat(found.get(store))
        .contains("lock edge of the kernel that the model has not: sb_pagefaults -> &ei->dax_sem");
  }

  /** After a power cut the kernel boots again: seconds, and the same code in each of these. */
  private static boolean isMoreOfAnImage(String kernel, Kernel row) {
    return row.image().equals("lab") && !kernel.equals("series");
  }

  private static boolean cutsThePower(Program program) {
    return program.steps().stream()
        .anyMatch(step -> step.operation() instanceof Operation.PowerCut);
  }

  /**
   * The model takes each kernel's handlers and each kernel's order. Later kernels differ in the
   * listed ways only, all of which occur.
   */
  @ParameterizedTest
  @CsvSource({
    "merged,               sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
    "series,               sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
    "posted-order,         &ei->dax_sem -> sb_pagefaults, sb_pagefaults -> &ei->dax_sem",
    "truncate-mutex-first, sb_pagefaults -> &ei->truncate_mutex, sb_pagefaults -> &ei->dax_sem",
    "unlocked,             &ei->dax_sem -> &ei->truncate_mutex, sb_pagefaults -> &ei->dax_sem",
    "before,               &ei->dax_sem -> &ei->truncate_mutex, sb_pagefaults -> &ei->dax_sem",
    "patch1,               &ei->dax_sem -> &ei->truncate_mutex, sb_pagefaults -> &ei->dax_sem",
    "6.12,                 sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
    "6.1,                  sb_pagefaults -> &ei->dax_sem, &ei->dax_sem -> sb_pagefaults",
  })
  void everyProgramAgreesAndEveryEdgeIsTheKernels(String kernel, String has, String hasNot)
      throws Exception {
    Kernel other = Kernel.of(kernel);
    List<Program> programs = new ArrayList<>(ConformIT.compared());
    if (isMoreOfAnImage(kernel, other)) {
      programs.removeIf(LockEdgeIT::cutsThePower);
    }
    LongStream.range(100, 200)
        .mapToObj(seed -> ProgramGenerator.generate(seed, 60))
        .filter(GeneratedPrograms.fit(other))
        .limit(10)
        .forEach(programs::add);
    List<ProgramResult> results = new ArrayList<>();
    LockAudit.Outcome outcome;
    try (Backends backends =
        Backends.open(List.of("model", "guest:" + kernel), Scheduler.production())) {
      LockAudit locks = LockAudit.of(backends);
      assertThat(run(backends, programs, locks, results::add)).isEmpty();
      outcome = locks.end(true);
    }
    assertThat(results).hasSameSizeAs(programs);
    assertThat(new Summary("conform", kernel, Tally.of(results), Optional.empty(), 0).differences())
        .containsOnlyKeys(other.differences().toArray(KernelDifference[]::new));
    assertThat(outcome.findings()).isEmpty();
    assertThat(outcome.agreed())
        .contains(has, "&sb->s_type->i_mutex_key -> &ei->dax_sem")
        .doesNotContain(hasNot);
  }
}
