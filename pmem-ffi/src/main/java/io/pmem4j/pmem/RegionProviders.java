// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
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

  private static @Nullable Registered of(Path whole) {
    if (BY_FOLDER.isEmpty()) {
      return null;
    }
    for (Path folder = whole.getParent(); folder != null; folder = folder.getParent()) {
      Registered found = BY_FOLDER.get(folder);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** Maps a path that is a provider's; returns empty for any other path. */
  static Optional<PmemRegion> map(Path path, MapSpec spec, Arena arena) throws IOException {
    Path whole = path.toAbsolutePath().normalize();
    Registered found = of(whole);
    if (found == null) {
      return Optional.empty();
    }
    arena.allocate(1); // a dead arena makes no file
    return Optional.of(found.map(whole, path, spec, arena));
  }

  /** Opens or creates a file of a path that is a provider's; returns empty for any other path. */
  static Optional<FileCalls> openFile(Path path, MapSpec spec) throws IOException {
    Path whole = path.toAbsolutePath().normalize();
    Registered found = of(whole);
    return found == null ? Optional.empty() : Optional.of(found.open(whole, path, spec));
  }

  /**
   * A provider and its files in use, by {@link ProvidedFile} or, for memory without one, by path.
   */
  private record Registered(RegionProvider provider, Map<Object, ProvidedFileUse> inUse) {

    private ProvidedFileUse use(Object file) {
      ProvidedFileUse known = inUse.get(file);
      if (known == null || known.isOver()) {
        known = new ProvidedFileUse();
        inUse.put(file, known);
      }
      return known;
    }

    private Optional<ProvidedFile> file(Path whole) throws IOException {
      Optional<ProvidedFiles> files = provider.files();
      return files.isPresent() ? files.get().open(whole) : Optional.empty();
    }

    synchronized PmemRegion map(Path whole, Path path, MapSpec spec, Arena arena)
        throws IOException {
      Optional<ProvidedFile> file = file(whole);
      PersistentMemory memory =
          file.isPresent() ? file.get().memory() : provider.find(whole).orElse(null);
      long bytes = file.isPresent() ? file.get().length() : memory == null ? 0 : memory.byteSize();
      refuse(path, spec, memory != null, bytes);
      if (memory == null) {
        bytes = Math.max(1, spec.newLength());
        memory = provider.create(whole, bytes);
        file = file(whole);
      }
      ProvidedFileUse use = use(file.isPresent() ? file.get() : whole);
      use.refuseSecondWriter(path, spec);
      Mapping.refuseIfTooCoarse(path, spec, memory.granularity());
      long length = spec.lengthWithin(bytes);
      if (length < 0) {
        throw new FileSystemException(
            path.toString(), null, spec + " is more than its " + bytes + " bytes");
      }
      ProvidedRegion.Access access =
          new ProvidedRegion.Access(path, arena, spec.isReadOnly(), use.failure);
      use.add(spec, access);
      return new ProvidedRegion(path, spec.offset(), memory.slice(spec.offset(), length), access);
    }

    synchronized FileCalls open(Path whole, Path path, MapSpec spec) throws IOException {
      ProvidedFiles files =
          provider
              .files()
              .orElseThrow(() ->
                  new FileSystemException(
                      path.toString(), null, "its provider has regions only, no files that grow"));
      Optional<ProvidedFile> found = files.open(whole);
      refuse(path, spec, found.isPresent(), Long.MAX_VALUE);
      if (found.isEmpty()) {
        var creation = new ProvidedFileCalls.Creation(files, whole, spec.newLength());
        creation.fill();
        creation.publish();
        return new ProvidedFileCalls(this, files, creation.file, use(creation.file), spec);
      }
      ProvidedFileUse use = use(found.get());
      use.refuseSecondWriter(path, spec);
      FileCalls calls = new ProvidedFileCalls(this, files, found.get(), use, spec);
      return PmemFile.checkFound(calls, path, spec);
    }

    private static void refuse(Path path, MapSpec spec, boolean found, long bytes)
        throws IOException {
      if (!found && !spec.creates()) {
        throw new NoSuchFileException(path.toString());
      }
      if (found && !spec.opens()) {
        throw new FileAlreadyExistsException(path.toString());
      }
      if (found && bytes < spec.newLength()) {
        throw new FileSystemException(
            path.toString(),
            null,
            "is " + bytes + " bytes, shorter than the " + spec.newLength() + " expected");
      }
    }
  }
}
