// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The mutants of a checkout, by name. */
public final class MutantCatalog {
  private static final List<String> MODULES = List.of("pmem-ffi", "pmem-ffi/testkit", "ext2-dax");

  private final Path checkout;
  private final Map<String, Mutant> mutants;

  private MutantCatalog(Path checkout, Map<String, Mutant> mutants) {
    this.checkout = checkout;
    this.mutants = mutants;
  }

  /**
   * Reads {@code src/test/mutants} of the modules.
   *
   * @param checkout the root of the source tree
   * @throws MutantException if a file is malformed, or two mutants share a name
   */
  public static MutantCatalog of(Path checkout) throws IOException {
    Map<String, Mutant> mutants = new TreeMap<>();
    for (String module : MODULES) {
      Path folder = checkout.resolve(module);
      for (Path file : patches(folder.resolve("src/test/mutants"))) {
        Mutant mutant = Mutant.read(folder, file);
        if (mutants.put(mutant.name(), mutant) != null) {
          throw new MutantException(file + ": a second mutant with this name");
        }
      }
    }
    return new MutantCatalog(checkout, mutants);
  }

  private static List<Path> patches(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(Mutant.SUFFIX)).sorted().toList();
    }
  }

  /** Returns the root of the source tree. */
  public Path checkout() {
    return checkout;
  }

  /** Returns every mutant, by name. */
  public List<Mutant> all() {
    return List.copyOf(mutants.values());
  }

  /**
   * Returns the mutant of a name.
   *
   * @throws MutantException if it does not exist: names those that are near to it, or all
   */
  public Mutant named(String name) {
    Mutant mutant = mutants.get(name);
    if (mutant != null) {
      return mutant;
    }
    List<String> near = mutants.keySet().stream().filter(each -> isNear(name, each)).toList();
    throw new MutantException(
        "unknown mutant '"
            + name
            + "'; expected "
            + (near.isEmpty() ? "one of " : "perhaps ")
            + String.join(", ", near.isEmpty() ? mutants.keySet() : near));
  }

  /** Returns whether two names share at least half of the words of the first. */
  private static boolean isNear(String wanted, String name) {
    List<String> words = List.of(wanted.split("-", -1));
    List<String> known = List.of(name.split("-", -1));
    return words.stream().filter(known::contains).count() * 2 >= words.size();
  }
}
