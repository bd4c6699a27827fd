// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Maps a file once with each backend there is. Arguments: folder, and {@code createNew}, {@code
 * createInFound} (in the only folder of the folder), {@code openOrCreate}, {@code exclusive},
 * {@code existing} (one that is created by Java first) or {@code found} (the only one in the
 * folder). Prints what came of it.
 */
final class MappedOnce {
  private MappedOnce() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    for (Backend backend : Backend.values()) {
      if (backend == Backend.LIBPMEM && Pmem.libpmemAbsence().isPresent()) {
        System.out.println("LIBPMEM: absent, " + Pmem.libpmemAbsence().get());
        continue;
      }
      String said;
      try (Arena arena = Arena.ofConfined()) {
        MapSpec spec =
            switch (arguments[1]) {
              case "createNew", "createInFound" -> MapSpec.createNew(1 << 16);
              case "openOrCreate" -> MapSpec.openOrCreate(1 << 16);
              case "exclusive" -> MapSpec.openOrCreate(1 << 16).exclusive();
              default -> MapSpec.existing();
            };
        Path file = file(folder, backend, arguments[1]);
        PmemRegion region = Pmem.map(file, spec.backend(backend), arena);
        region.putLong(0, 42);
        region.persist(0, 8);
        said = "" + region.getLong(0);
      } catch (IOException | RuntimeException refused) {
        said = "refused " + refused;
      }
      System.out.println(backend + ": " + said);
    }
  }

  private static Path file(Path folder, Backend backend, String what) throws IOException {
    switch (what) {
      case "existing" -> {
        Path file = folder.resolve("file" + backend);
        return Files.exists(file) ? file : Files.createFile(file);
      }
      case "found" -> {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
          return all.iterator().next();
        }
      }
      case "createInFound" -> {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
          return all.iterator().next().resolve("file" + backend);
        }
      }
      case "exclusive", "openOrCreate" -> {
        return folder.resolve("file");
      }
      default -> {
        return folder.resolve("file" + backend);
      }
    }
  }
}
