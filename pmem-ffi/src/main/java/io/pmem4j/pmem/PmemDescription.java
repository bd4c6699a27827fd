// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The properties of a path for {@link Pmem#map} in this JVM, found by a mapping.
 *
 * @param path as it was given
 * @param medium the kind of the path
 * @param backend the one that {@link Pmem#map} would use
 * @param granularity of a mapping
 * @param dax true if the file is mapped without the page cache
 * @param mapSync true if the kernel granted MAP_SYNC, so that written-back cache lines are durable
 * @param fileSystem its type, such as {@code ext4}; empty for a device
 * @param why the reason of the granularity, in words
 */
public record PmemDescription(
    Path path,
    Medium medium,
    Backend backend,
    Granularity granularity,
    Dax dax,
    boolean mapSync,
    String fileSystem,
    String why) {

  /** The kind of a path. */
  public enum Medium {
    /** A folder, described by a new file in it. */
    FOLDER,
    /** A regular file. */
    FILE,
    /** A character device with DAX. */
    DEVICE,
    /** A file of a {@link RegionProvider}. */
    SIMULATED
  }

  /** The way in which a file is mapped. */
  public enum Dax {
    /** Without the page cache. */
    YES,
    /** Through the page cache. */
    NO,
    /** The kernel does not tell. */
    UNKNOWN
  }

  private static final int BYTES = 4096;

  static PmemDescription of(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      var simulated = RegionProviders.map(path, MapSpec.existing().readOnly(), arena);
      if (simulated.isPresent()) {
        PmemRegion region = simulated.get();
        return of(path, Medium.SIMULATED, region, Dax.NO, false, "", region.domain());
      }
    }
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (!Files.isDirectory(path)) {
      return ofFile(path, path);
    }
    Path made = path.resolve(".pmem4j." + UUID.randomUUID() + ".new");
    try (Arena arena = Arena.ofConfined()) {
      Pmem.map(made, MapSpec.createNew(BYTES), arena);
      return ofFile(path, made);
    } finally {
      Files.deleteIfExists(made);
    }
  }

  private static PmemDescription ofFile(Path path, Path file) throws IOException {
    MapSpec spec = Files.isWritable(file) ? MapSpec.existing() : MapSpec.existing().readOnly();
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, spec, arena);
      boolean memory = region.granularity() != Granularity.PAGE;
      if (!Files.isRegularFile(file)) {
        return of(
            path, Medium.DEVICE, region, Dax.YES, false, "", "a DAX device; " + region.domain());
      }
      Dax dax = dax(region);
      boolean granted = memory && (spec.isReadOnly() || !RawMapping.isForced());
      return of(
          path,
          path.equals(file) ? Medium.FILE : Medium.FOLDER,
          region,
          dax,
          granted,
          Files.getFileStore(file).type(),
          reason(dax, granted, memory) + "; " + region.domain());
    }
  }

  private static String reason(Dax dax, boolean granted, boolean memory) {
    if (granted) {
      return "MAP_SYNC is granted";
    }
    if (memory) {
      return "PMEM_IS_PMEM_FORCE=1 is set";
    }
    return switch (dax) {
      case YES -> "DAX, but MAP_SYNC is refused";
      case NO -> "the page cache is between the mapping and the medium";
      case UNKNOWN -> "MAP_SYNC is refused";
    };
  }

  private static PmemDescription of(
      Path path,
      Medium medium,
      PmemRegion region,
      Dax dax,
      boolean mapSync,
      String fileSystem,
      String why) {
    return new PmemDescription(
        path, medium, region.backend(), region.granularity(), dax, mapSync, fileSystem, why);
  }

  private static Dax dax(PmemRegion region) throws IOException {
    try (NativeFile file = region.reopen(false)) {
      return file.status().dax();
    } catch (FileSystemException unreadable) {
      return Dax.UNKNOWN;
    }
  }
}
