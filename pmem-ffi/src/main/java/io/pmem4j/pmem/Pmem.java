// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.Optional;

/** Maps files and DAX devices. Thread-safe. */
public final class Pmem {
  private Pmem() {}

  /**
   * Maps a file or DAX device into {@code arena}: the region lives until the arena is closed.
   * Closing turns later calls away and waits for those in progress, for two seconds at most; what a
   * slow disk still writes back then keeps its mapping until it has.
   *
   * <p>An interrupt neither stops this call nor is lost by it. All regions of a file in this JVM
   * share one descriptor; each is a mapping of its own, of which the kernel allows a process some
   * 65,000 (vm.max_map_count).
   *
   * @param path of the default file system provider; the file is the one of the path's bytes, also
   *     where the locale cannot show them
   * @param spec what of it, created or existing, and what is required of it
   * @param arena any arena; a confined one binds the region to its thread
   * @throws java.nio.file.NoSuchFileException if an existing file is asked for and is not there, or
   *     the folder of a new one is not
   * @throws java.nio.file.FileAlreadyExistsException if a new file is asked for and the path exists
   * @throws java.nio.file.AccessDeniedException if the file or folder may not be read or written
   * @throws FileLockedException if another writer of the file or this one is exclusive
   * @throws java.nio.file.FileSystemException for everything else the path or medium refuses: a
   *     directory, an empty file, one that is shorter than {@code openOrCreate} expects, a slice
   *     outside the file, no space, a granularity coarser than required, hugetlbfs, no room for
   *     another mapping. Nothing is left behind
   * @throws java.nio.file.ProviderMismatchException if the path is of another file system provider
   * @throws UnsupportedOperationException if the backend asked for cannot be used in this JVM, or
   *     native access is denied to this library; the message names the flag
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if the arena is another thread's
   */
  public static PmemRegion map(Path path, MapSpec spec, Arena arena) throws IOException {
    if (!path.getFileSystem().equals(FileSystems.getDefault())) {
      throw new ProviderMismatchException(
          path
              + " is of the provider \""
              + path.getFileSystem().provider().getScheme()
              + "\"; only files of the default file system can be mapped");
    }
    // Checked first, so that a dead arena cannot leave a new file behind.
    arena.allocate(1);
    NativeAccess.check();
    Backend backend = spec.backend().orElse(preferredBackend());
    if (backend == Backend.LIBPMEM && libpmemAbsence().isPresent()) {
      throw new UnsupportedOperationException(libpmemAbsence().get());
    }
    return new PmemRegion(RegionMapper.map(path, spec, arena, backend, MappingParts.STANDARD));
  }

  /**
   * The backend that {@link #map} uses when the {@link MapSpec} does not name one: libpmem where it
   * can be used, else the JDK's.
   */
  public static Backend preferredBackend() {
    return libpmemAbsence().isEmpty() ? Backend.LIBPMEM : Backend.JDK;
  }

  /** Why libpmem cannot be used in this JVM, in words; empty if it can. */
  public static Optional<String> libpmemAbsence() {
    return LibPmemProbe.absence();
  }
}
