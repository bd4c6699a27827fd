// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramStep;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The table of answers in which a file system may differ from ext2 on DAX, and the reasons: {@code
 * host-differences.txt}, a difference a line.
 */
final class HostDifferences {
  private static final String RESOURCE = "/host-differences.txt";

  /** A difference: the programs, the operation as written with single blanks, and its values. */
  private record Difference(
      String trait, String program, String operation, Set<String> keys, String reason) {}

  private final List<Difference> known;

  private HostDifferences(List<Difference> known) {
    this.known = known;
  }

  static HostDifferences shipped() throws IOException {
    try (InputStream in = HostDifferences.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IOException(RESOURCE + " is not on the class path");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }

  /** {@code no-fiemap | program | operation | key,key | reason}. */
  static HostDifferences parse(List<String> lines) {
    List<Difference> known = new ArrayList<>();
    for (String line : lines) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split("\\|", 5);
      if (fields.length != 5) {
        throw new IllegalArgumentException("not a difference: '" + line + "'");
      }
      known.add(
          new Difference(
              fields[0].strip(),
              fields[1].strip(),
              oneBlank(fields[2]),
              words(fields[3]),
              fields[4].strip()));
    }
    return new HostDifferences(known);
  }

  private static Set<String> words(String text) {
    return Set.of(text.strip().split(",", -1));
  }

  private static String oneBlank(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** A star at the end stands for anything. */
  private static boolean matches(String pattern, String text) {
    return pattern.endsWith("*")
        ? text.startsWith(pattern.substring(0, pattern.length() - 1))
        : text.equals(pattern);
  }

  /** Returns the traits that the table names. */
  Set<String> traits() {
    return known.stream().map(Difference::trait).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the reason when this value of this step differs for one of the traits. */
  Optional<String> reason(Set<String> traits, Program program, ProgramStep step, String key) {
    return known.stream()
        .filter(difference -> matches(difference.program(), program.name()))
        .filter(difference -> traits.contains(difference.trait()))
        .filter(difference -> matches(difference.operation(), oneBlank(step.text())))
        .filter(difference -> difference.keys().contains(key))
        .map(Difference::reason)
        .findFirst();
  }
}
