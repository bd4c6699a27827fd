// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The begin and end of a mapping: opens or creates the file, maps it, takes its lock, links its
 * name, and transfers all of that to the arena.
 */
final class RegionMapper {
  private RegionMapper() {}

  /** Maps a file by its specification; leaves nothing behind if it throws. */
  static Medium map(Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    while (true) {
      if (!spec.creates()) {
        return mapExisting(path, spec, arena, backend, parts);
      }
      try {
        if (spec.opens() && Files.exists(path)) {
          return mapExisting(path, spec, arena, backend, parts);
        }
        return mapNew(path, spec, arena, backend, parts);
      } catch (FileAlreadyExistsException other) {
        if (!spec.opens() || !Files.exists(path)) {
          throw other; // also a symbolic link that leads nowhere
        }
      } catch (NoSuchFileException gone) {
        if (!spec.opens()
            || !Files.isDirectory(Objects.requireNonNull(path.toAbsolutePath().getParent()))) {
          throw gone;
        }
      }
    }
  }

  private static Medium mapNew(
      Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    try (NewFile made = NewFile.make(path, spec, parts.steps())) {
      return adopt(path, spec, arena, backend, parts, made.file, made);
    }
  }

  private static Medium mapExisting(
      Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    if (BackingFile.isCharacterDevice(path)) {
      if (backend == Backend.JDK) {
        throw new FileSystemException(
            path.toString(), null, "is a device: the JDK maps files only");
      }
      return adoptDevice(path, spec, arena, parts);
    }
    NativeFile file = BackingFile.open(path, spec.isReadOnly());
    return adopt(path, spec, arena, backend, parts, file, null);
  }

  /** Maps an open file, and closes it if that fails. */
  private static Medium adopt(
      Path path,
      MapSpec spec,
      Arena arena,
      Backend backend,
      MappingParts parts,
      NativeFile file,
      @Nullable NewFile unnamed)
      throws IOException {
    Mapping mapping;
    UseGuard guard;
    boolean mayHaveHoles;
    try {
      long length = BackingFile.lengthToMap(path, file, spec);
      guard = parts.guards().apply(arena);
      mayHaveHoles = unnamed == null ? file.mayHaveHoles(file.length()) : spec.isSparse();
      mapping = Mapping.of(path, file, spec, length, backend);
    } catch (IOException | RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
    BackingFile shared = null;
    try {
      try {
        Medium.refuseIfTooCoarse(path, spec, mapping.granularity());
      } catch (IOException refusal) {
        file.close();
        throw refusal;
      }
      shared = BackingFile.acquire(file, spec);
      if (unnamed != null) {
        unnamed.publish();
      } else if (spec.creates()) {
        // The creator may have died before the name was durable.
        NewFile.syncFolder(folder(path), shared.file());
      }
      BackingFile held = shared;
      MemorySegment memory =
          inArena(path, arena, mapping, guard, () -> held.release(spec))
              .asSlice(0, mapping.length());
      return of(
          backend,
          new MappedMedium.Made(
              path,
              spec,
              mapping,
              spec.isReadOnly() ? memory.asReadOnly() : memory,
              guard,
              shared,
              mayHaveHoles,
              parts.force()));
    } catch (IOException | RuntimeException | Error failure) {
      mapping.unmap(path);
      if (shared != null) {
        shared.release(spec);
      }
      throw failure;
    }
  }

  private static Medium adoptDevice(Path path, MapSpec spec, Arena arena, MappingParts parts)
      throws IOException {
    UseGuard guard = parts.guards().apply(arena);
    Mapping mapping = Mapping.ofDevice(path);
    NativeFile lock = null;
    try {
      Medium.refuseIfTooCoarse(path, spec, mapping.granularity());
      long length = spec.lengthWithin(mapping.length());
      if (length < 0 || mapping.length() < spec.newLength()) {
        throw new FileSystemException(
            path.toString(), null, spec + " is more than its " + mapping.length() + " bytes");
      }
      lock = locked(path, spec);
      NativeFile held = lock;
      MemorySegment memory =
          inArena(path, arena, mapping, guard, held::close).asSlice(spec.offset(), length);
      return of(
          Backend.LIBPMEM,
          new MappedMedium.Made(
              path,
              spec,
              mapping,
              spec.isReadOnly() ? memory.asReadOnly() : memory,
              guard,
              null,
              false,
              parts.force()));
    } catch (IOException | RuntimeException | Error failure) {
      mapping.unmap(path);
      if (lock != null) {
        lock.close();
      }
      throw failure;
    }
  }

  /** Opens a device and takes its lock, which lives until the device is closed. */
  private static NativeFile locked(Path path, MapSpec spec) throws IOException {
    NativeFile device = NativeFile.open(path, NativeFile.O_RDONLY);
    try {
      int kind = spec.isExclusive() ? NativeFile.LOCK_EX : NativeFile.LOCK_SH;
      if (!spec.isReadOnly() && !device.tryLock(kind)) {
        throw new FileLockedException(
            path,
            spec.isExclusive()
                ? "is mapped for writing or locked elsewhere, so it cannot be exclusive"
                : "is mapped exclusively or locked elsewhere");
      }
      return device;
    } catch (IOException | RuntimeException | Error failure) {
      device.close();
      throw failure;
    }
  }

  private static Medium of(Backend backend, MappedMedium.Made made) {
    return backend == Backend.JDK ? new JdkMedium(made) : new LibPmemMedium(made);
  }

  /** Returns the folder that holds the name of a file, after all symbolic links. */
  static Path folder(Path path) throws IOException {
    return Objects.requireNonNull(path.toRealPath().getParent());
  }

  /** Transfers the mapping to the arena; the last step that can fail. */
  private static MemorySegment inArena(
      Path path, Arena arena, Mapping mapping, UseGuard guard, Runnable afterwards) {
    MemorySegment whole =
        MemorySegment.ofAddress(mapping.address())
            .reinterpret(mapping.length(), arena, _ -> release(path, mapping, guard, afterwards));
    MappedRanges.add(mapping.address(), mapping.length());
    return whole;
  }

  private static void release(Path path, Mapping mapping, UseGuard guard, Runnable afterwards) {
    Runnable unmap =
        () -> {
          MappedRanges.remove(mapping.address());
          try {
            mapping.unmap(path);
          } finally {
            afterwards.run();
          }
        };
    if (guard.shut()) {
      unmap.run();
    } else {
      DeferredUnmap.whenIdle(guard, unmap);
    }
  }
}
