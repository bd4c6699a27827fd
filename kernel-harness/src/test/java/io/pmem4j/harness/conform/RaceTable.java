// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.conform.ProgramResult.Verdict;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.harness.program.ProgramText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;

/** The table {@code races.txt}: the outcome of each race program on each kernel. */
final class RaceTable {
  private static final String REFUTED = "refuted ";
  private static final String SPLAT = "splat ";
  private static final String HANG = "hang ";

  /** One program on one kernel. */
  record Row(String program, String backend, String kernel, String outcome) {
    /** Returns the program; one that is to be refuted is for every kernel. */
    Program load() throws Exception {
      if (isSplat() || hangs()) {
        return ProgramParser.parse(program, text("/races/" + program + Program.SUFFIX));
      }
      Program shipped =
          ProgramLibrary.shipped().stream()
              .filter(each -> each.name().equals(program))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no program " + program));
      return outcome.startsWith(REFUTED)
          ? ProgramParser.parse(
              program, ProgramText.of(shipped).replaceAll("(?m)^kernels .*\n", ""))
          : shipped;
    }

    /** Returns true for a warning of the kernel, which it prints once. */
    boolean isSplat() {
      return outcome.startsWith(SPLAT);
    }

    /** Returns true for a kernel that no longer answers. */
    private boolean hangs() {
      return outcome.startsWith(HANG);
    }

    /**
     * Returns true for a row that is run once: a refuted program waits in vain for as long as it
     * may.
     */
    boolean isOnceInABoot() {
      return isSplat() || hangs() || outcome.startsWith(REFUTED);
    }

    /** Judges a result of the program on the kernel. */
    void judge(ProgramResult result) {
      if (isSplat()) {
        assertThat(result.findings())
            .as(toString())
            .singleElement(InstanceOfAssertFactories.STRING)
            .contains("SPLAT", outcome.substring(SPLAT.length()));
        return;
      }
      if (hangs()) {
        assertThat(result.findings())
            .as(toString())
            .singleElement(InstanceOfAssertFactories.STRING)
            .contains("HANG", outcome.substring(HANG.length()));
        return;
      }
      if (outcome.startsWith(REFUTED)) {
        assertThat(result.findings())
            .as(toString())
            .anyMatch(finding -> finding.contains(outcome.substring(REFUTED.length())));
        return;
      }
      assertThat(result.findings()).as(toString()).isEmpty();
      assertThat(result.verdict())
          .as(toString())
          .isEqualTo(
              switch (outcome) {
                case "agreed" -> Verdict.AGREED;
                case "partial" -> Verdict.PARTIAL;
                case "omitted" -> Verdict.OMITTED;
                default -> throw new IllegalArgumentException("unknown outcome " + outcome);
              });
    }

    @Override
    public String toString() {
      return program + " on " + backend + ":" + kernel;
    }
  }

  private RaceTable() {}

  /** Returns the rows of a backend, {@code guest} or {@code model}. */
  static List<Row> of(String backend) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String line : text("/races.txt").lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
      for (String kernel : cells.get(2).split(" ", -1)) {
        if (cells.get(1).equals(backend)) {
          rows.add(new Row(cells.get(0), backend, kernel, cells.get(3)));
        }
      }
    }
    assertThat(rows).isNotEmpty();
    return rows;
  }

  private static String text(String resource) throws IOException {
    try (InputStream in = Objects.requireNonNull(RaceTable.class.getResourceAsStream(resource))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
