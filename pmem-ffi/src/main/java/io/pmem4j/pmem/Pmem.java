// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.Optional;

/** The entry point: maps files and DAX devices. Thread-safe. */
public final class Pmem {
  private Pmem() {}

  /**
   * Maps a file or DAX device into {@code arena}; the region lives until the arena is closed. The
   * close refuses later calls and waits for those in progress, for two seconds at most. If a slow
   * disk still writes back then, the mapping stays until that has ended.
   *
   * <p>An interrupt does not stop this call and stays pending. All regions of a file in this JVM
   * share one descriptor. Each is a mapping of its own, and the kernel limits the mappings of a
   * process (vm.max_map_count).
   *
   * <p>Paths below the folder of a {@link RegionProvider} are its own.
   *
   * @param path of the default file system provider; its bytes name the file, even if the locale
   *     cannot represent them
   * @param spec the part to map, and the requirements
   * @param arena any arena; a confined one binds the region to its thread
   * @throws java.nio.file.NoSuchFileException if an existing file, or the folder of a new one, is
   *     missing
   * @throws java.nio.file.FileAlreadyExistsException if the path of a new file exists
   * @throws java.nio.file.AccessDeniedException if permission to read or write is missing
   * @throws FileLockedException if another writer of the file or this one is exclusive
   * @throws java.nio.file.FileSystemException if the path or medium is refused for another reason:
   *     a directory, an empty file, a file shorter than {@code openOrCreate} expects, a slice
   *     outside the file, no space, a granularity coarser than required, hugetlbfs, too many
   *     mappings. Nothing is left behind
   * @throws java.nio.file.ProviderMismatchException if the path is of another file system provider
   * @throws UnsupportedOperationException if the backend cannot be used in this JVM, or native
   *     access is denied to this library; the message names the flag
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if the arena is confined to another thread
   */
  public static PmemRegion map(Path path, MapSpec spec, Arena arena) throws IOException {
    checkProvider(path);
    Optional<PmemRegion> provided = RegionProviders.map(path, spec, arena);
    if (provided.isPresent()) {
      return provided.get();
    }
    // Checked first, so that a dead arena cannot leave a new file behind.
    arena.allocate(1);
    Backend backend = usableBackend(path, spec);
    if (spec.newLength() == 0) {
      throw new IllegalArgumentException("a region cannot be empty: " + spec);
    }
    return new PmemRegion(RegionMapper.map(path, spec, arena, backend, MappingParts.STANDARD));
  }

  /**
   * Describes a path by a mapping of one page, or of the whole file. Nothing is stored: a file
   * keeps its content, and in a folder a file is made and removed.
   *
   * @throws java.nio.file.NoSuchFileException if the path does not exist
   * @throws java.io.IOException as by {@link #map}, for example of an empty file
   */
  public static PmemDescription describe(Path path) throws IOException {
    checkProvider(path);
    return PmemDescription.of(path);
  }

  static void checkProvider(Path path) {
    if (!path.getFileSystem().equals(FileSystems.getDefault())) {
      throw new ProviderMismatchException(
          path
              + " is of the provider \""
              + path.getFileSystem().provider().getScheme()
              + "\"; only files of the default file system can be mapped");
    }
  }

  /** Returns the backend for a file, after checking that it and native access can be used. */
  static Backend usableBackend(Path path, MapSpec spec) {
    checkProvider(path);
    NativeAccess.check();
    Backend backend = spec.backend().orElse(preferredBackend());
    if (backend == Backend.LIBPMEM && libpmemAbsence().isPresent()) {
      throw new UnsupportedOperationException(libpmemAbsence().get());
    }
    return backend;
  }

  /**
   * Returns the backend of {@link #map} if the {@link MapSpec} names none: libpmem if it can be
   * used, else the JDK's.
   */
  public static Backend preferredBackend() {
    return libpmemAbsence().isEmpty() ? Backend.LIBPMEM : Backend.JDK;
  }

  /** Returns the reason, in words, if libpmem cannot be used in this JVM; empty if it can. */
  public static Optional<String> libpmemAbsence() {
    return LibPmemProbe.absence();
  }
}
