// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.Shrinker;
import io.pmem4j.harness.program.generator.LeftOut;
import io.pmem4j.harness.program.generator.ProgramGenerator;
import io.pmem4j.harness.report.Coverage;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The model against the real kernel, and the proof that a wrong model would be seen. {@link
 * LockEdgeIT} compares all programs.
 */
@Tag("kernels")
class ConformIT {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
  }

  /** The programs that ship, but those whose power is cut lossily: {@link LossyCutIT} has them. */
  static List<Program> compared() throws Exception {
    return ProgramLibrary.shipped().stream().filter(program -> !program.cutsLossily()).toList();
  }

  private static List<ProgramResult> run(Scheduler scheduler, List<Program> programs)
      throws Exception {
    List<ProgramResult> results = new ArrayList<>();
    try (Backends backends = Backends.open(List.of("model", "guest:merged"), scheduler)) {
      Conformance conformance = new Conformance(backends);
      programs.forEach(program -> results.add(conformance.run(program)));
    }
    return results;
  }

  /** Each condition of a fault on 2 MiB is met and missed by a program that ships. */
  @Test
  void theProgramsMapTwoMebibytesAndFallBackForEveryReason() throws Exception {
    Map<String, String> outcomes = new HashMap<>();
    try (Backends backends =
        Backends.open(List.of("model", "guest:series"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      for (Program program : ProgramLibrary.shipped()) {
        if (program.name().startsWith("pmd-")) {
          ProgramResult result = conformance.run(program);
          assertThat(result.findings()).as(program.name()).isEmpty();
          outcomes.put(program.name(), kernelsAnswers(result));
        }
      }
    }
    assertThat(outcomes).hasSizeGreaterThanOrEqualTo(15);
    for (String maps :
        List.of("allocated", "first-store", "one-page-of-a-large-entry", "private", "reused")) {
      assertThat(outcomes.get("pmd-" + maps)).as(maps).contains(":huge", "dax_pmd_insert_mapping");
    }
    for (String falls :
        List.of(
            "colour",
            "private",
            "mapping-too-short",
            "beyond-the-end",
            "small-entry-in-the-way",
            "no-space",
            "hole",
            "misaligned")) {
      assertThat(outcomes.get("pmd-" + falls))
          .as(falls)
          .containsPattern("dax_pmd_fault_done [^\\]]* FALLBACK");
    }
    assertThat(outcomes.get("pmd-beyond-the-end"))
        .containsPattern("dax_pmd_fault_done [^;]* SIGBUS");
    assertThat(outcomes.get("pmd-first-store"))
        .contains("dax_writeback_one ino=12 pgoff=512 pglen=512");
  }

  private static String kernelsAnswers(ProgramResult result) {
    StringBuilder text = new StringBuilder();
    result
        .steps()
        .forEach(step ->
            step.outcomes()
                .forEach((backend, outcome) -> {
                  if (!backend.equals("model")) {
                    text.append(outcome).append('\n');
                  }
                }));
    return text.toString();
  }

  @Test
  @OnMutant("zero-page-not-replaced")
  void aModelThatKeepsTheZeroPageDiffersFromALaterKernel() throws Exception {
    List<Program> programs = ProgramLibrary.shipped();
    try (Backends backends = Backends.open(List.of("model", "guest:6.1"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      assertThat(programs.stream().filter(program -> program.id().equals("G2")))
          .singleElement()
          .satisfies(program ->
              assertThat(conformance.run(program).verdict())
                  .isEqualTo(ProgramResult.Verdict.DIVERGED));
    }
  }

  @Test
  @OnMutant("zero-page-not-replaced")
  void aModelThatKeepsTheZeroPageIsCaughtAtTheOperation() throws Exception {
    List<Program> programs =
        ProgramLibrary.shipped().stream().filter(program -> program.id().equals("G2")).toList();
    ProgramResult result = run(Scheduler.production(), programs).getFirst();
    assertThat(result.verdict()).isEqualTo(ProgramResult.Verdict.DIVERGED);
    StepResult pagemap =
        result.steps().stream()
            .filter(step -> step.step().text().equals("pagemap m 0"))
            .findFirst()
            .orElseThrow();
    assertThat(pagemap.findings()).anySatisfy(line -> assertThat(line).contains("differ"));
    assertThat(pagemap.outcomes().get("model").values()).containsEntry("page", "zero");
    assertThat(pagemap.outcomes().get("guest:merged").values()).containsEntry("page", "block:6144");
    assertThat(result.findings()).anySatisfy(line -> assertThat(line).startsWith("image, "));
  }

  /** The kernel runs the next program while one is judged: each has its own images and findings. */
  @Test
  @OnMutant("zero-page-not-replaced")
  void whatOneProgramDoesIsNotSaidOfItsNeighbours() throws Exception {
    Program faulty =
        ProgramLibrary.shipped().stream()
            .filter(program -> program.id().equals("G2"))
            .findFirst()
            .orElseThrow();
    List<Program> programs = new ArrayList<>();
    for (long seed = 0; seed < 12; seed++) {
      // The same file, with other blocks and other data each time.
      programs.add(ProgramGenerator.generate(seed, 4 + (int) seed));
      if (seed % 4 == 1) {
        programs.add(faulty);
      }
    }
    List<ProgramResult> alone = new ArrayList<>();
    List<ProgramResult> together = new ArrayList<>();
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      programs.forEach(program -> alone.add(conformance.run(program)));
      conformance.run(programs, together::add);
    }
    assertThat(together).extracting(ProgramResult::program).isEqualTo(programs);
    for (int i = 0; i < programs.size(); i++) {
      ProgramResult result = together.get(i);
      assertThat(result.verdict() == ProgramResult.Verdict.DIVERGED)
          .as(result.program().name() + result.findings())
          .isEqualTo(result.program().equals(faulty));
      assertThat(result.findings()).isEqualTo(alone.get(i).findings());
    }
  }

  /** Every verb of the model, two processes, limits, full, prepared and corrupt file systems. */
  @Test
  void theyAgreeOnGeneratedProgramsToo() throws Exception {
    List<Program> programs = new ArrayList<>();
    for (long seed = 1; seed <= 150; seed++) {
      programs.add(ProgramGenerator.generate(seed, 60));
    }
    Coverage coverage = new Coverage();
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      new Conformance(backends)
          .run(
              programs,
              result -> {
                coverage.add(result);
                assertThat(result.findings()).as(result.program().name()).isEmpty();
              });
    }
    assertThat(coverage.errnos())
        .contains("EACCES", "EBADF", "EFAULT", "EFBIG", "EINVAL", "EIO", "EISDIR", "ENOENT")
        .contains("ENAMETOOLONG", "ENOMEM", "ENOSPC", "ENOTDIR", "EOPNOTSUPP", "EPERM");
    assertThat(coverage.pairs()).isGreaterThan(200);
  }

  @Test
  @OnMutant("writeback-keeps-writable")
  void aFaultFoundByAGeneratedProgramShrinksToAFewOperations() throws Exception {
    try (Backends backends =
        Backends.open(List.of("model", "guest:merged"), Scheduler.production())) {
      Conformance conformance = new Conformance(backends);
      ProgramResult found = null;
      for (long seed = 2015; found == null && seed < 2115; seed++) {
        Program program = ProgramGenerator.generate(seed, 60);
        if (!LeftOut.freezesNothing(program)) {
          // Without its thaw, which shrinking takes away, a program waits.
          continue;
        }
        ProgramResult result = conformance.run(program);
        found = result.verdict() == ProgramResult.Verdict.DIVERGED ? result : null;
      }
      assertThat(found).as("a page that writeback left writable").isNotNull();
      ProgramResult first = Objects.requireNonNull(found);
      Program shortest = Shrinker.shrink(first.program(), conformance.repeats(first), 150);
      assertThat(shortest.steps()).hasSizeLessThanOrEqualTo(7);
      assertThat(conformance.run(shortest).verdict()).isEqualTo(ProgramResult.Verdict.DIVERGED);
    }
  }
}
