// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every row of the fault tables is shown by a program or a test, on each profile that has it. */
class FaultTableTest {
  private static final Path TESTS = Path.of("../ext2-dax/src/test/java/io/pmem4j/ext2");
  private static final Set<String> PROFILES = Set.of("5.10", "series", "v4.4");

  private record Row(String what, Set<String> profiles, String proof) {
    boolean unproven() {
      return proof.startsWith("- ");
    }

    boolean byProgram() {
      return proof.matches("[A-Z]\\.\\d+:.*");
    }
  }

  private static List<Row> rows() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(FaultTableTest.class.getResourceAsStream("/fault-table-rows.txt"))) {
      List<Row> rows = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        if (!line.startsWith("#")) {
          String[] parts = line.split(" \\| ", 3);
          assertThat(parts).as(line).hasSize(3);
          rows.add(new Row(parts[0], Set.of(parts[1].split(" ", -1)), parts[2]));
        }
      }
      return rows;
    }
  }

  private static boolean isShown(Row row, Set<String> tags) throws IOException {
    if (row.byProgram()) {
      return tags.contains(row.proof());
    }
    String[] method = row.proof().split("\\.", 2);
    Path source = TESTS.resolve(method[0] + ".java");
    return Files.exists(source) && Files.readString(source).contains("void " + method[1] + "(");
  }

  @Test
  void everyRowIsShown() throws Exception {
    Set<String> tags =
        ProgramLibrary.shipped().stream()
            .flatMap(program -> program.rows().stream())
            .collect(Collectors.toSet());
    List<String> missing = new ArrayList<>();
    for (Row row : rows()) {
      assertThat(PROFILES).containsAll(row.profiles());
      if (!row.unproven() && !isShown(row, tags)) {
        missing.add(row.what() + " " + row.profiles() + ": " + row.proof());
      }
    }
    assertThat(missing).isEmpty();
  }

  /** A tag that no row asks for is misspelt, or a row that the list lacks. */
  @Test
  void everyTagOfAProgramIsARow() throws Exception {
    Set<String> asked = rows().stream().map(Row::proof).collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>();
    ProgramLibrary.shipped()
        .forEach(program ->
            program.rows().stream()
                .filter(tag -> tag.matches("[CD]\\.\\d:.*") && !asked.contains(tag))
                .forEach(tag -> unknown.add(tag + " of " + program.id())));
    assertThat(unknown).isEmpty();
  }

  /** Each row of the fault tables that no program shows has a reason, and no other row has one. */
  @Test
  void whatIsNotShownIsSaid() throws Exception {
    assertThat(rows().stream().filter(Row::unproven).map(Row::what))
        .containsExactly(
            "C.3 a store between the zeroing of the tail and the size",
            "C.4 mlock",
            "C.4 splice",
            "D.1 another task made a table meanwhile");
  }
}
