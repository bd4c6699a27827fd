// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.harness.wire.Wire;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgramParserTest {
  @Test
  void readsHeaderStepsAndExpectations() throws Exception {
    Program program =
        ProgramParser.parse(
            "some/where/demo.p4j",
            """
            id    G0
            title a demonstration   # of comments too
            rows  C.1:a C.1:b
            scope dax
            pid   7

            open  f /a rw creat excl 0600   => result=0
            mmap  m f 1P 2P+10 rw shared
            store m 3P-1 x41*2              => event:dax_pte_fault*2 no-events
            mmap  n f 2m 4m r shared align=2m
            """);
    assertThat(program.name()).isEqualTo("demo");
    assertThat(program.id()).isEqualTo("G0");
    assertThat(program.title()).isEqualTo("a demonstration");
    assertThat(program.rows()).containsExactly("C.1:a", "C.1:b");
    assertThat(program.scope()).isEqualTo(Scope.DAX);
    assertThat(program.pid()).isEqualTo(7);
    assertThat(program.steps())
        .extracting(ProgramStep::operation)
        .containsExactly(
            Syscall.OPEN.of("f", "/a", 2 | 0100 | 0200, 0600),
            Syscall.MMAP.of("m", "f", 4096, 8202, 3, 1, 0),
            Syscall.STORE.of("m", 12287, new Bytes("41", 2)),
            Syscall.MMAP.of("n", "f", 2 << 20, 4 << 20, 1, 1, 2 << 20));
    assertThat(program.steps().get(2).expected())
        .containsExactly("event:dax_pte_fault*2", "no-events");
    assertThat(program.steps().getFirst().line()).isEqualTo(7);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frobnicate f             | unknown operation 'frobnicate'",
        "fstat f                  | no file named 'f' at this point",
        "load m 0 1               | no mapping named 'm' at this point",
        "open f a rw              | path must start with /",
        "open f /a rw 0644 more   | unexpected 'more'",
        "open f                   | missing path",
        "clock soon               | seconds is not a number: soon",
        "sync => result           | not an expectation: 'result'",
        "clock 9223372036854775807P | long overflow",
      })
  void saysInOneLineWhatIsWrongAndWhere(String line, String message) {
    assertThatThrownBy(() -> ProgramParser.parse("bad.p4j", "sync\n" + line))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageStartingWith("bad.p4j:2: " + message)
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"3P", "1", "0", "2048m", "-2m"})
  void anAlignmentIsAPowerOfTwoOfPages(String align) {
    String text = "open f /a rw\nmmap m f 0 1P rw shared align=" + align;
    assertThatThrownBy(() -> ProgramParser.parse("bad.p4j", text))
        .hasMessage("bad.p4j:2: alignment must be a power of two from 4k to 1024m");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "8m                          | 8m",
        "64m                         | 64m",
        "10m group=512 blocksize=1k  | 10m blocksize=1024 group=512",
      })
  void anImageHasAShape(String given, String written) throws Exception {
    Program program = ProgramParser.parse("x.p4j", "image " + given + "\nsync\n");
    assertThat(program.image()).hasToString(written);
    assertThat(ProgramParser.parse("x.p4j", ProgramText.of(program)).image())
        .isEqualTo(program.image());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7m",
        "66m",
        "9m",
        "8m blocksize=512",
        "8m group=100",
        "8m group=8200 blocksize=1024",
        "8m colour=3",
        "8m group"
      })
  void anImageOfAnotherShapeIsRefused(String shape) {
    assertThatThrownBy(() -> ProgramParser.parse("bad.p4j", "image " + shape + "\nsync\n"))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageStartingWith("bad.p4j:1: ");
  }

  @Test
  void aNameIsTakenUntilItIsClosed() throws Exception {
    String open = "open f /a rw\n";
    assertThatThrownBy(() -> ProgramParser.parse("bad.p4j", open + open))
        .hasMessage("bad.p4j:2: the name 'f' is taken");
    assertThat(ProgramParser.parse("good.p4j", open + "close f\n" + open).steps()).hasSize(3);
  }

  @Test
  void anEmptyProgramIsRefused() {
    assertThatThrownBy(() -> ProgramParser.parse("empty.p4j", "# nothing\n"))
        .hasMessageContaining("at least one operation");
  }

  @Test
  void theShippedProgramsAreThoseOfFirstLightAndMore() throws Exception {
    List<Program> programs = ProgramLibrary.shipped();
    assertThat(programs)
        .extracting(Program::id)
        .contains("G1", "G2", "G3", "G7", "G12", "G16", "G18", "G24");
    assertThat(programs).extracting(Program::title).doesNotContain("").doesNotHaveDuplicates();
    assertThat(programs).allSatisfy(program -> assertThat(program.rows()).isNotEmpty());
  }

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    for (Program program : ProgramLibrary.shipped()) {
      Program again = ProgramParser.parse(program.name(), ProgramText.of(program));
      assertThat(again.steps())
          .as(program.name())
          .extracting(ProgramStep::operation)
          .isEqualTo(program.steps().stream().map(ProgramStep::operation).toList());
      assertThat(again.image()).isEqualTo(program.image());
    }
  }

  @Test
  void everyVerbIsInAProgramThatShips() throws Exception {
    assertThat(
            ProgramLibrary.shipped().stream()
                .flatMap(program -> program.steps().stream())
                .map(step ->
                    step.operation() instanceof Operation.In in ? in.operation() : step.operation())
                .filter(Operation.Call.class::isInstance)
                .map(operation -> ((Operation.Call) operation).syscall())
                .distinct())
        .containsExactlyInAnyOrder(Syscall.values());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mkdir d 0755             | path must start with /: d",
        "mkdir /d                 | missing mode",
        "rename /a /b sideways    | unknown flag 'sideways'",
        "access /a                | missing flag",
        "in c sync                | no child named 'c' at this point",
        "fork                     | missing name",
        "statfs /x                | unexpected '/x'",
      })
  void aCallIsCheckedAgainstItsTable(String line, String message) {
    assertThatThrownBy(() -> ProgramParser.parse("bad.p4j", line))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessage("bad.p4j:1: " + message);
  }

  @Test
  void aBinaryFileIsNoProgram(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("x.p4j"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatThrownBy(() -> ProgramLibrary.at(file)).hasMessageContaining("not a text file");
  }

  @Test
  void theStartOfAProgramIsReadBack() throws Exception {
    String text =
        """
        title starts from a damaged file system
        scope ext2
        pid   1011
        image 8m group=256 inodes=64
        setup file /p x41*4096 3P
        setup debugfs mkdir /d
        setup damage sif /p block[IND] 5

        open f /p wo append directory dsync noatime nonblock trunc 644
        """;
    Program program = ProgramParser.parse("x", text);
    assertThat(program.image().isDamaged()).isTrue();
    assertThat(ProgramText.of(program)).isEqualTo(text);
  }

  @Test
  void aSetUpThatTouchesTheHostIsRefused() {
    assertThatThrownBy(() -> ProgramParser.parse("x", "setup debugfs write /etc/passwd /p\nsync\n"))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageContaining("unknown debugfs command 'write'");
    assertThatThrownBy(() -> ProgramParser.parse("x", "setup paint /p red\nsync\n"))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageContaining("expected file, debugfs or damage");
  }

  /** Found before a kernel is booted; with a file closed in between the program is one. */
  @Test
  void moreNamesThanTheAgentHasSlotsForAreASyntaxError() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < ProgramParser.MAX_NAMES; i++) {
      text.append("open f").append(i).append(" /a rw creat\n");
    }
    assertThat(ProgramParser.MAX_NAMES).isEqualTo(Wire.SLOTS);
    assertThat(ProgramParser.parse("x", text + "close f0\nopen g /a rw\n").steps()).hasSize(66);
    assertThatThrownBy(() -> ProgramParser.parse("x", text + "open g /a rw\n"))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageContaining("x:65: 'g' is one too many: 64 files");
  }
}
