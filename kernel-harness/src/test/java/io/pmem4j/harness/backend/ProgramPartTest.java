// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.backend.model.ModelSession;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramSyntaxException;
import io.pmem4j.harness.program.ProgramText;
import io.pmem4j.harness.program.Syscall;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A verb that the model lacks takes no more of a program with it than it must. */
class ProgramPartTest {
  private static Program program(String... lines) throws ProgramSyntaxException {
    return ProgramParser.parse("x", String.join("\n", lines) + "\n");
  }

  private static ProgramPart modelsPart(Program program) {
    return ProgramPart.of(program, ModelSession::lacks);
  }

  /** The part of a backend that has no extended attributes, and else lacks what the model lacks. */
  private static ProgramPart partWithoutXattrs(Program program) {
    return ProgramPart.of(
        program,
        operation -> {
          if (operation.isCall(Syscall.GETXATTR)) {
            return lack("getxattr", ProgramPart.Reach.NOTHING);
          }
          return operation.isCall(Syscall.SETXATTR)
              ? lack("setxattr", ProgramPart.Reach.ALL)
              : ModelSession.lacks(operation);
        });
  }

  private static Optional<ProgramPart.Lack> lack(String verb, ProgramPart.Reach reach) {
    return Optional.of(new ProgramPart.Lack("the model lacks " + verb, reach));
  }

  @Test
  void aStepThatOnlyAsksIsLeftOutAlone() throws Exception {
    Program program =
        program("open f /a rw creat", "getxattr /a user.x", "vmstat pgfault", "fstat f");
    ProgramPart part = partWithoutXattrs(program);
    assertThat(part.operations(program))
        .extracting(ProgramText::of)
        .containsExactly("open f /a rw creat 644", "fstat f");
    assertThat(part.imageCounts()).isTrue();
    assertThat(part.isComplete()).isFalse();
    assertThat(part.notes())
        .containsExactly(
            "not run: 1 of 4 operations: the model lacks getxattr",
            "not run: 1 of 4 operations: the model lacks vmstat");
  }

  @Test
  void aStepWithEffectsEndsThePart() throws Exception {
    Program program =
        program("open f /a rw creat", "setxattr /a user.x x00", "vmstat pgfault", "fstat f");
    ProgramPart part = partWithoutXattrs(program);
    assertThat(part.operations(program))
        .extracting(ProgramText::of)
        .containsExactly("open f /a rw creat 644");
    assertThat(part.imageCounts()).isFalse();
    assertThat(part.notes())
        .containsExactly(
            "not run: 1 of 4 operations: the model lacks setxattr",
            "not run: 2 of 4 operations: they follow line 2: the model lacks setxattr");
  }

  @Test
  void changedAttributesTakeTheFilesOwnWithThem() throws Exception {
    Program program =
        program(
            "open f /a rw creat",
            "open g /b rw creat",
            "chmod /a 600",
            "pwrite f 0 x41",
            "fstat f",
            "fstat g");
    ProgramPart part =
        ProgramPart.of(
            program,
            operation ->
                operation.isCall(Syscall.CHMOD)
                    ? Optional.of(
                        new ProgramPart.Lack("the model lacks chmod", ProgramPart.Reach.ATTRIBUTES))
                    : Optional.empty());
    assertThat(part.notes())
        .containsExactly(
            "not run: 1 of 6 operations: the model lacks chmod",
            "not run: 1 of 6 operations: they follow line 3: the model lacks chmod");
    assertThat(part.runs(4)).isFalse();
    assertThat(part.runs(5)).isTrue();
    assertThat(part.imageCounts()).isFalse();
  }

  @Test
  void whatBeginsWithEffectsIsEmpty() throws Exception {
    ProgramPart part = partWithoutXattrs(program("setxattr /a user.x x00", "open f /a rw creat"));
    assertThat(part.isEmpty()).isTrue();
    assertThat(modelsPart(program("sync")).isEmpty()).isFalse();
  }

  @Test
  void aProgramWithoutGapsIsWhole() throws Exception {
    Program program = program("open f /a rw creat", "fork c", "in c fstat f", "exit c");
    ProgramPart part = modelsPart(program);
    assertThat(part).isEqualTo(ProgramPart.whole(program));
    assertThat(part.isComplete()).isTrue();
    assertThat(part.notes()).isEqualTo(List.of());
  }
}
