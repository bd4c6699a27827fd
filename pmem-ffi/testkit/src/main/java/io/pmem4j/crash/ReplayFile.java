// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A file that names one crash state of one test: a line {@code test} and a line {@code state}. */
final class ReplayFile {
  private ReplayFile() {}

  /** Writes a file with a number of its own; empty if the build has no folder for it. */
  static Optional<Path> write(Path folder, String test, String state) throws IOException {
    Path above = folder.toAbsolutePath().getParent();
    if (above == null || !Files.isDirectory(above)) {
      return Optional.empty();
    }
    Files.createDirectories(folder);
    String name = test.replaceAll("[^A-Za-z0-9]+", "-");
    for (int number = 1; ; number++) {
      Path file = folder.resolve(name + "-" + number + ".pmrepro");
      String text = "test " + test + "\nstate " + state + "\n";
      if (!Files.exists(file) || Files.readString(file).equals(text)) {
        Files.writeString(file, text);
        return Optional.of(file);
      }
    }
  }

  /** Returns the state of a test, or empty if the file is for another test. */
  static Optional<String> state(Path file, String test) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.size() < 2
        || !lines.get(0).startsWith("test ")
        || !lines.get(1).startsWith("state ")) {
      throw new IllegalArgumentException(
          file + " is no replay file: expected a line 'test NAME' and a line 'state NAME'");
    }
    return lines.get(0).equals("test " + test)
        ? Optional.of(lines.get(1).substring("state ".length()))
        : Optional.empty();
  }
}
