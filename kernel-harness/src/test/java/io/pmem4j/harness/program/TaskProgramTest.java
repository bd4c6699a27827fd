// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A program with tasks is divided, and one that an explorer cannot run is refused by line. */
class TaskProgramTest {
  private static final String BEGIN = "open a /a rw creat\nfork A\nfork B\n";

  private static TaskProgram tasks(String text) throws ProgramSyntaxException {
    return TaskProgram.of(ProgramParser.parse("t.p4j", BEGIN + text));
  }

  @Test
  void theLinesOfAScheduleAreLeftOut() throws ProgramSyntaxException {
    TaskProgram program =
        tasks(
            """
            park A fault-size-checked
            begin A fsync a
            arrive A fault-size-checked => result=0
            begin B ftruncate a 0
            release A fault-size-checked
            await A => result=0
            await B => result=0
            fstat a => size=0
            """);
    assertThat(program.prologue()).hasSize(3);
    assertThat(program.tasks()).extracting(TaskProgram.Task::child).containsExactly("A", "B");
    assertThat(program.tasks().getLast().steps())
        .singleElement()
        .satisfies(step -> {
          assertThat(step.operation())
              .isEqualTo(new Operation.In("B", Syscall.FTRUNCATE.of("a", 0)));
          assertThat(step.expected()).containsExactly("result=0");
        });
    assertThat(program.epilogue()).extracting(ProgramStep::text).containsExactly("fstat a");
  }

  @Test
  void anOperationOfTheProgramItselfMustNotRunBesideItsTasks() {
    assertThatThrownBy(() -> tasks("begin A fsync a\nbegin B fsync a\nfstat a\nawait A\nawait B"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("t:6: 'fstat a' runs while tasks run");
  }

  @Test
  void oneTaskIsNotEnough() {
    assertThatThrownBy(() -> tasks("begin A fsync a\nawait A\nin B fsync a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 children begin an operation, expected 2 or 3");
  }
}
