// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.mutant;

import io.pmem4j.harness.kernel.GuestFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The mutants of the checkout with the tests that their files name. */
final class MutantKillers {
  private MutantKillers() {}

  /** Returns each mutant beside each of its killers of a kind. */
  static Stream<Arguments> of(Class<? extends Killer> type) throws Exception {
    return MutantCatalog.of(GuestFiles.home()).all().stream()
        .flatMap(mutant ->
            mutant.killers().stream().filter(type::isInstance).map(k -> Arguments.of(mutant, k)));
  }

  /** Writes class files below a folder, which comes first in a child's class path. */
  static void write(Map<String, byte[]> classes, Path folder) throws Exception {
    for (Map.Entry<String, byte[]> each : classes.entrySet()) {
      Path file = folder.resolve(each.getKey().replace('.', '/') + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, each.getValue());
    }
  }
}
