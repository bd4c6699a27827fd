// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs that park tasks: their words, and the names of the points. */
class PointsTest {
  private static final Pattern PLACED = Pattern.compile("^\\+\\s+rendezvous\\(RV_(\\w+)\\)");
  private static final Pattern NAME = Pattern.compile("\\+\\s*\\[RV_\\w+]\\s*= \"([a-z0-9-]+)\",");

  @Test
  void theNamesAreThoseThatTheKernelsArePatchedWith() throws Exception {
    Path patch = Path.of("..", "qemu", "kernel", "patches", "0001-rendezvous.patch");
    List<String> names =
        NAME.matcher(Files.readString(patch)).results().map(MatchResult::group).toList();
    assertThat(names.stream().map(line -> NAME.matcher(line).replaceFirst("$1")))
        .containsExactlyElementsOf(Points.ALL);
  }

  /** The patches tell which file has a point; of mm/truncate.c one lies behind dax_mapping(). */
  @ParameterizedTest
  @ValueSource(strings = {"5.10", "6.1", "6.12"})
  void filesWithoutDaxHaveThePointsOutsideOfDax(String kernel) throws Exception {
    Path patch =
        Path.of("..", "qemu", "kernel", "patches", "0002-points-%s.patch".formatted(kernel));
    Map<Boolean, Set<String>> ofDax = new HashMap<>();
    String file = "";
    for (String line : Files.readAllLines(patch)) {
      if (line.startsWith("+++ b/")) {
        file = line.substring(6);
      }
      Matcher point = PLACED.matcher(line);
      if (point.find()) {
        String name = point.group(1).toLowerCase(Locale.ROOT).replace('_', '-');
        boolean dax =
            file.equals("fs/dax.c")
                || file.equals("fs/ext2/file.c")
                || name.equals("write-entries-removed");
        ofDax.computeIfAbsent(dax, _ -> new HashSet<>()).add(name);
      }
    }
    assertThat(ofDax.get(true)).hasSizeGreaterThan(7).allMatch(Points::isOfDax);
    assertThat(ofDax.get(false)).hasSizeGreaterThan(7).noneMatch(Points::isOfDax);
  }

  @Test
  void aScheduleOfDaxFaultsIsNotRunWithoutDax() throws Exception {
    Program program = ProgramParser.parse("x", BEGINNING + "park F fault-size-checked\n");
    assertThat(program.unreachablePoint()).isEmpty();
    assertThat(program.with(ProgramMount.parse("nodax")).unreachablePoint())
        .contains("line 4: park F fault-size-checked: files without DAX have no such point");
    Program truncates = ProgramParser.parse("x", BEGINNING + "park F truncate-mutex-held\n");
    assertThat(truncates.with(ProgramMount.parse("nodax")).unreachablePoint()).isEmpty();
  }

  private static final String BEGINNING =
      """
      open f /a rw creat
      mmap m f 0 4P rw shared
      fork F
      """;

  @Test
  void theirTextIsReadAndWritten() throws Exception {
    Program program =
        ProgramParser.parse(
            "x",
            BEGINNING
                + """
                park F fault-size-checked
                begin F store m 0 x41
                arrive F fault-size-checked => result=0
                blocked F
                release F fault-size-checked
                await F => result=1
                """);
    Operation store = Syscall.STORE.of("m", 0, new Bytes("41", 1));
    assertThat(program.steps().subList(3, 9))
        .extracting(ProgramStep::operation)
        .containsExactly(
            new Operation.Park("F", "fault-size-checked"),
            new Operation.Begin("F", store),
            new Operation.Arrive("F", "fault-size-checked"),
            new Operation.Blocked("F"),
            new Operation.Release("F", "fault-size-checked"),
            new Operation.Await("F", store));
    assertThat(ProgramParser.parse("x", ProgramText.of(program)).steps())
        .extracting(ProgramStep::operation)
        .isEqualTo(program.steps().stream().map(ProgramStep::operation).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "park F nowhere                            | no point 'nowhere' in the kernels",
        "park G fault-size-checked                 | no child named 'G'",
        "await F                                   | the child 'F' has begun nothing",
        "begin F fstat f; in F fstat f             | has begun something that is not awaited",
        "begin F fstat f; begin F fstat f          | has begun something that is not awaited",
        "begin F fstat f; exit F; await F          | no child named 'F'",
      })
  void whatCannotBeRunIsRefused(String lines, String why) {
    assertThatThrownBy(() -> ProgramParser.parse("x", BEGINNING + lines.replace("; ", "\n")))
        .isInstanceOf(ProgramSyntaxException.class)
        .hasMessageContaining(why);
  }
}
