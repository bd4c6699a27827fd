// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.ImageShape;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramStep;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Shrinker;
import io.pmem4j.harness.program.Syscall;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ProgramGeneratorTest {
  @Test
  void theSameSeedGivesTheSameProgram() {
    assertThat(ProgramGenerator.generate(7, 100)).isEqualTo(ProgramGenerator.generate(7, 100));
    assertThat(ProgramGenerator.generate(7, 100)).isNotEqualTo(ProgramGenerator.generate(8, 100));
  }

  @Test
  void whatIsPrintedIsReadBack() throws Exception {
    for (long seed = 0; seed < 200; seed++) {
      Program program = ProgramGenerator.generate(seed, 60);
      Program again = ProgramParser.parse(program.name(), ProgramText.of(program));
      assertThat(again.pid()).isEqualTo(program.pid());
      assertThat(again.steps())
          .extracting(ProgramStep::operation)
          .isEqualTo(program.steps().stream().map(ProgramStep::operation).toList());
    }
  }

  @Test
  void shippedProgramsSurviveThePrinterWithTheirExpectations() throws Exception {
    for (Program program : ProgramLibrary.shipped()) {
      Program again = ProgramParser.parse(program.name(), ProgramText.of(program));
      assertThat(again.rows()).isEqualTo(program.rows());
      assertThat(again.steps())
          .extracting(ProgramStep::operation, ProgramStep::expected)
          .isEqualTo(
              program.steps().stream()
                  .map(step ->
                      org.assertj.core.groups.Tuple.tuple(step.operation(), step.expected()))
                  .toList());
    }
  }

  @Test
  void everyOperationIsGenerated() {
    Set<Class<?>> seen = new HashSet<>();
    for (long seed = 0; seed < 50; seed++) {
      ProgramGenerator.generate(seed, 60)
          .steps()
          .forEach(step -> seen.add(step.operation().getClass()));
    }
    Set<Class<?>> all = new HashSet<>(List.of(Operation.class.getPermittedSubclasses()));
    // What only a kernel has: a generated program runs on the model too.
    all.removeAll(
        Set.of(
            Operation.Remount.class,
            Operation.Mounted.class,
            Operation.Lockdep.class,
            Operation.PowerCut.class,
            Operation.LossyCut.class,
            Operation.Park.class,
            Operation.Begin.class,
            Operation.Arrive.class,
            Operation.Release.class,
            Operation.Blocked.class,
            Operation.Await.class));
    assertThat(seen).isEqualTo(all);
  }

  @Test
  void shrinkingKeepsTheFailureAndTheNamesInOrder() {
    Predicate<Program> fails =
        program ->
            program.steps().stream().anyMatch(s -> s.operation().isCall(Syscall.STORE))
                && program.steps().stream().anyMatch(s -> s.operation().isCall(Syscall.FTRUNCATE));
    Program program = programThat(fails);
    assertThat(fails.test(program)).isTrue();
    Program shortest = Shrinker.shrink(program, fails, 2000);
    assertThat(fails.test(shortest)).isTrue();
    // A store needs its mapping, and that its file; the truncation may need another one.
    assertThat(shortest.steps()).hasSizeBetween(4, 5);
  }

  @Test
  void shrinkingIsBounded() {
    List<Program> asked = new java.util.ArrayList<>();
    Shrinker.shrink(ProgramGenerator.generate(3, 80), asked::add, 17);
    assertThat(asked).hasSizeLessThanOrEqualTo(17);
  }

  @Test
  void filesWithoutANameAreGenerated() {
    int tmpfile = 020200000;
    long unnamed = 0;
    for (long seed = 0; seed < 100; seed++) {
      unnamed +=
          ProgramGenerator.generate(seed, 60).steps().stream()
              .filter(step ->
                  step.operation().withoutChild() instanceof Operation.Call call
                      && call.syscall() == Syscall.OPEN
                      && (call.number(2) & tmpfile) == tmpfile)
              .count();
    }
    assertThat(unnamed).isGreaterThan(10);
  }

  /** Each verb of ext2-dax that no list leaves out is generated, also in children. */
  @Test
  void everyVerbThatIsNotLeftOutIsGenerated() {
    Set<Syscall> verbs = new HashSet<>();
    Set<Class<?>> kinds = new HashSet<>();
    Set<Syscall> ofChildren = new HashSet<>();
    Set<ImageShape> starts = new HashSet<>();
    for (long seed = 0; seed < 1000; seed++) {
      Program program = ProgramGenerator.generate(seed, 60);
      starts.add(program.image());
      for (ProgramStep step : program.steps()) {
        Operation operation = step.operation();
        if (operation instanceof Operation.In in) {
          operation = in.operation();
        }
        kinds.add(operation.getClass());
        if (operation instanceof Operation.Call call) {
          verbs.add(call.syscall());
          if (operation != step.operation()) {
            ofChildren.add(call.syscall());
          }
        }
      }
    }
    Set<Syscall> expected = new HashSet<>(Set.of(Syscall.values()));
    expected.removeAll(LeftOut.VERBS);
    assertThat(verbs).isEqualTo(expected);
    assertThat(kinds)
        .contains(
            Operation.Fork.class,
            Operation.Exit.class,
            Operation.Call.class,
            Operation.Clock.class,
            Operation.Fork.class,
            Operation.Exit.class);
    assertThat(ofChildren).contains(Syscall.MMAP, Syscall.STORE, Syscall.OPEN);
    assertThat(starts).anyMatch(ImageShape::isDamaged).anyMatch(start -> start.inodes() == 16);
  }

  /** Returns the first program from seed 3 on that fails. */
  private static Program programThat(Predicate<Program> fails) {
    long seed = 3;
    while (!fails.test(ProgramGenerator.generate(seed, 80))) {
      seed++;
    }
    return ProgramGenerator.generate(seed, 80);
  }
}
