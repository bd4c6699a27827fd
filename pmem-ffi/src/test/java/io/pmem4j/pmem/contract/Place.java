// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Granularity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * The folder or device under test: the argument of {@link Contract}, or the system's folder for
 * temporary files.
 */
final class Place implements TempDirFactory {
  private static volatile Optional<Path> given = Optional.empty();
  private static volatile Optional<Granularity> expected = Optional.empty();

  /** JUnit makes one for each folder it needs. */
  Place() {}

  static void give(Path place, Optional<Granularity> granularity) {
    given = Optional.of(place);
    expected = granularity;
  }

  /** Returns the folder or device given on the command line, if there is one. */
  static Optional<Path> given() {
    return given;
  }

  /** Returns the granularity expected of regions there, if it is known. */
  static Optional<Granularity> expected() {
    return expected;
  }

  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context)
      throws Exception {
    return given.isPresent()
        ? Files.createTempDirectory(given.get(), "contract")
        : Files.createTempDirectory("contract");
  }
}
