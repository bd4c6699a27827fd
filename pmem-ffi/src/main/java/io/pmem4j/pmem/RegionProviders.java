// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The registered providers, and the regions that they have mapped. */
final class RegionProviders {
  private static final Map<Path, Registered> BY_FOLDER = new ConcurrentHashMap<>();

  private RegionProviders() {}

  static RegionProvider.Registration register(Path folder, RegionProvider provider) {
    Path key = folder.toAbsolutePath().normalize();
    Registered made = new Registered(provider, new HashMap<>());
    if (BY_FOLDER.putIfAbsent(key, made) != null) {
      throw new IllegalStateException(folder + " has a provider of regions");
    }
    return () -> BY_FOLDER.remove(key, made);
  }

  /** Maps a path that is a provider's; returns empty for any other path. */
  static Optional<PmemRegion> map(Path path, MapSpec spec, Arena arena) throws IOException {
    if (BY_FOLDER.isEmpty()) {
      return Optional.empty();
    }
    Path whole = path.toAbsolutePath().normalize();
    for (Path folder = whole.getParent(); folder != null; folder = folder.getParent()) {
      Registered found = BY_FOLDER.get(folder);
      if (found != null) {
        arena.allocate(1); // a dead arena makes no file
        return Optional.of(found.map(whole, path, spec, arena));
      }
    }
    return Optional.empty();
  }

  /** A writable region, which lives as long as its scope does. */
  private record Writer(MemorySegment.Scope scope, boolean exclusive) {}

  private record Registered(RegionProvider provider, Map<Path, List<Writer>> writers) {

    synchronized PmemRegion map(Path whole, Path path, MapSpec spec, Arena arena)
        throws IOException {
      PersistentMemory found = provider.find(whole).orElse(null);
      refuse(path, spec, found);
      List<Writer> others = writers.computeIfAbsent(whole, _ -> new ArrayList<>());
      others.removeIf(writer -> !writer.scope().isAlive());
      if (!spec.isReadOnly()
          && others.stream().anyMatch(other -> spec.isExclusive() || other.exclusive())) {
        throw new FileLockedException(path, "has another writer, and one of the two is exclusive");
      }
      PersistentMemory memory =
          found != null ? found : provider.create(whole, Math.max(1, spec.newLength()));
      Mapping.refuseIfTooCoarse(path, spec, memory.granularity());
      long length = spec.lengthWithin(memory.byteSize());
      if (length < 0) {
        throw new FileSystemException(
            path.toString(), null, spec + " is more than its " + memory.byteSize() + " bytes");
      }
      if (!spec.isReadOnly()) {
        others.add(new Writer(arena.scope(), spec.isExclusive()));
      }
      return new ProvidedRegion(
          path,
          spec.offset(),
          memory.slice(spec.offset(), length),
          new ProvidedRegion.Access(arena.allocate(1), spec.isReadOnly()));
    }

    private static void refuse(Path path, MapSpec spec, @Nullable PersistentMemory found)
        throws IOException {
      if (found == null && !spec.creates()) {
        throw new NoSuchFileException(path.toString());
      }
      if (found != null && !spec.opens()) {
        throw new FileAlreadyExistsException(path.toString());
      }
      if (found != null && found.byteSize() < spec.newLength()) {
        throw new FileSystemException(
            path.toString(),
            null,
            "is "
                + found.byteSize()
                + " bytes, shorter than the "
                + spec.newLength()
                + " expected");
      }
    }
  }
}
