// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Optional;

/** Maps files and DAX devices. Thread-safe. */
public final class Pmem {
  private Pmem() {}

  /**
   * Maps a file or DAX device into {@code arena}: the region lives until the arena is closed, and
   * closing waits for calls in progress.
   *
   * @param path of the default file system provider
   * @param spec what of it, created or existing, and what is required of it
   * @param arena any arena; a confined one binds the region to its thread
   * @throws java.nio.file.NoSuchFileException if an existing file is asked for and is not there
   * @throws java.nio.file.FileAlreadyExistsException if a new file is asked for and the path exists
   * @throws java.nio.file.FileSystemException for everything else the path or medium refuses: a
   *     directory, an empty file, a slice outside the file, no space, a granularity coarser than
   *     required. Nothing is left behind
   * @throws UnsupportedOperationException if the backend asked for cannot be used in this JVM
   * @throws IllegalArgumentException if libpmem is asked for a read-only mapping
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if the arena is another thread's
   */
  public static PmemRegion map(Path path, MapSpec spec, Arena arena) throws IOException {
    // Checked first, so that a dead arena cannot leave a new file behind.
    arena.allocate(1);
    Backend backend = spec.backend().orElse(spec.isReadOnly() ? Backend.JDK : preferredBackend());
    if (backend == Backend.JDK) {
      return new PmemRegion(JdkMedium.map(path, spec, arena));
    }
    if (spec.isReadOnly()) {
      throw new IllegalArgumentException("libpmem maps read-write only: " + spec);
    }
    Optional<String> absence = libpmemAbsence();
    if (absence.isPresent()) {
      throw new UnsupportedOperationException(absence.get());
    }
    return new PmemRegion(LibPmemMedium.map(path, spec, arena));
  }

  /**
   * The backend that {@link #map} uses when the {@link MapSpec} does not name one: libpmem where it
   * can be used, else the JDK's. Read-only mappings are always the JDK's.
   */
  public static Backend preferredBackend() {
    return libpmemAbsence().isEmpty() ? Backend.LIBPMEM : Backend.JDK;
  }

  /** Why libpmem cannot be used in this JVM, in words; empty if it can. */
  public static Optional<String> libpmemAbsence() {
    return LibPmemProbe.absence();
  }
}
