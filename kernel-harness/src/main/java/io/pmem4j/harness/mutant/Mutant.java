// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A fault as a patch of the sources.
 *
 * @param name the name of its file, without the suffix
 * @param module the folder of the module that it changes
 * @param reason the fault in one line
 * @param origin the commit of Linux that made or mended the fault, or how it was thought of
 * @param killers the checks that find it
 * @param patch the lines of a unified diff against the module's {@code src/main/java}
 */
public record Mutant(
    String name,
    Path module,
    String reason,
    String origin,
    List<Killer> killers,
    List<String> patch) {
  /** The suffix of the file of a mutant. */
  static final String SUFFIX = ".patch";

  private static final String REASON = "reason: ";
  private static final String ORIGIN = "origin: ";
  private static final String KILLED_BY = "killed-by: ";

  /** Copies the lists. */
  public Mutant {
    killers = List.copyOf(killers);
    patch = List.copyOf(patch);
  }

  /**
   * Reads the file of a mutant: header lines, then the diff.
   *
   * @param module the folder of the module that it changes
   * @throws MutantException if a header line is missing, given twice or unknown
   */
  static Mutant read(Path module, Path file) throws IOException {
    String name = file.getFileName().toString().replace(SUFFIX, "");
    List<String> reasons = new ArrayList<>();
    List<String> origins = new ArrayList<>();
    List<Killer> killers = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    int at = 0;
    while (at < lines.size() && !lines.get(at).startsWith("--- ")) {
      String line = lines.get(at++);
      try {
        if (line.startsWith(REASON)) {
          reasons.add(line.substring(REASON.length()));
        } else if (line.startsWith(ORIGIN)) {
          origins.add(line.substring(ORIGIN.length()));
        } else if (line.startsWith(KILLED_BY)) {
          killers.add(Killer.parse(line.substring(KILLED_BY.length())));
        } else if (!line.isBlank()) {
          throw new IllegalArgumentException(
              "line '" + line + "', expected reason:, origin:, killed-by: or a unified diff");
        }
      } catch (IllegalArgumentException e) {
        throw new MutantException(file + ": " + e.getMessage(), e);
      }
    }
    if (reasons.size() != 1 || origins.size() != 1 || killers.isEmpty() || at == lines.size()) {
      throw new MutantException(
          "%s: %d reason: lines, %d origin: lines, %d killed-by: lines, %d lines of diff; expected"
                  .formatted(
                      file, reasons.size(), origins.size(), killers.size(), lines.size() - at)
              + " one reason, one origin, a killer and a diff");
    }
    return new Mutant(
        name,
        module,
        reasons.getFirst(),
        origins.getFirst(),
        killers,
        lines.subList(at, lines.size()));
  }
}
