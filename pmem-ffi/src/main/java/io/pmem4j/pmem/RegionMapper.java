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

  /** A way to open or make a file. */
  interface Opening<T> {
    T get() throws IOException;
  }

  /** Maps a file by its specification; leaves nothing behind if it throws. */
  static Mapping map(Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    return openOrMake(
        path,
        spec,
        () -> mapExisting(path, spec, arena, backend, parts),
        () -> mapNew(path, spec, arena, backend, parts));
  }

  /** Opens or makes a file as its specification demands, whatever other creators do meanwhile. */
  static <T> T openOrMake(Path path, MapSpec spec, Opening<T> existing, Opening<T> made)
      throws IOException {
    while (true) {
      if (!spec.creates()) {
        return existing.get();
      }
      try {
        if (spec.opens() && Files.exists(path)) {
          return existing.get();
        }
        return made.get();
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

  /** Maps a part of a file that its holder has open, under the holder's lock. */
  static Mapping mapWithin(
      BackingFile file, Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    long length = BackingFile.lengthToMap(path, file.file(), spec);
    UseGuard guard = parts.guards().apply(arena);
    boolean mayHaveHoles = file.file().mayHaveHoles(file.length());
    RawMapping raw = RawMapping.of(path, file.file(), spec, length, backend);
    try {
      Mapping.refuseIfTooCoarse(path, spec, raw.granularity());
    } catch (IOException refusal) {
      raw.unmap(path);
      throw refusal;
    }
    file.join(spec);
    try {
      return view(path, spec, arena, backend, parts, raw, guard, file, mayHaveHoles);
    } catch (RuntimeException | Error failure) {
      raw.unmap(path);
      file.release(spec);
      throw failure;
    }
  }

  private static Mapping view(
      Path path,
      MapSpec spec,
      Arena arena,
      Backend backend,
      MappingParts parts,
      RawMapping raw,
      UseGuard guard,
      BackingFile file,
      boolean mayHaveHoles) {
    MemorySegment memory =
        inArena(path, arena, raw, guard, () -> file.hide(raw), () -> file.release(spec))
            .asSlice(0, raw.length());
    GuardedMapping made =
        of(
            backend,
            new GuardedMapping.Parts(
                path,
                spec,
                raw,
                spec.isReadOnly() ? memory.asReadOnly() : memory,
                guard,
                file,
                mayHaveHoles,
                parts.force()));
    file.show(raw, made);
    return made;
  }

  private static Mapping mapNew(
      Path path, MapSpec spec, Arena arena, Backend backend, MappingParts parts)
      throws IOException {
    try (NewFile made = NewFile.make(path, spec, parts.steps())) {
      return adopt(path, spec, arena, backend, parts, made.file, made);
    }
  }

  private static Mapping mapExisting(
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
  private static Mapping adopt(
      Path path,
      MapSpec spec,
      Arena arena,
      Backend backend,
      MappingParts parts,
      NativeFile file,
      @Nullable NewFile unnamed)
      throws IOException {
    RawMapping raw;
    UseGuard guard;
    boolean mayHaveHoles;
    try {
      long length = BackingFile.lengthToMap(path, file, spec);
      guard = parts.guards().apply(arena);
      mayHaveHoles = unnamed == null ? file.mayHaveHoles(file.length()) : spec.isSparse();
      raw = RawMapping.of(path, file, spec, length, backend);
    } catch (IOException | RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
    BackingFile shared = null;
    try {
      try {
        Mapping.refuseIfTooCoarse(path, spec, raw.granularity());
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
      return view(path, spec, arena, backend, parts, raw, guard, shared, mayHaveHoles);
    } catch (IOException | RuntimeException | Error failure) {
      raw.unmap(path);
      if (shared != null) {
        shared.release(spec);
      }
      throw failure;
    }
  }

  private static Mapping adoptDevice(Path path, MapSpec spec, Arena arena, MappingParts parts)
      throws IOException {
    UseGuard guard = parts.guards().apply(arena);
    RawMapping raw = RawMapping.ofDevice(path);
    NativeFile lock = null;
    try {
      Mapping.refuseIfTooCoarse(path, spec, raw.granularity());
      long length = spec.lengthWithin(raw.length());
      if (length < 0 || raw.length() < spec.newLength()) {
        throw new FileSystemException(
            path.toString(), null, spec + " is more than its " + raw.length() + " bytes");
      }
      lock = locked(path, spec);
      NativeFile held = lock;
      MemorySegment memory =
          inArena(path, arena, raw, guard, () -> {}, held::close).asSlice(spec.offset(), length);
      return of(
          Backend.LIBPMEM,
          new GuardedMapping.Parts(
              path,
              spec,
              raw,
              spec.isReadOnly() ? memory.asReadOnly() : memory,
              guard,
              null,
              false,
              parts.force()));
    } catch (IOException | RuntimeException | Error failure) {
      raw.unmap(path);
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

  private static GuardedMapping of(Backend backend, GuardedMapping.Parts made) {
    return backend == Backend.JDK ? new JdkMapping(made) : new LibPmemMapping(made);
  }

  /** Returns the folder that holds the name of a file, after all symbolic links. */
  static Path folder(Path path) throws IOException {
    return Objects.requireNonNull(path.toRealPath().getParent());
  }

  /** Transfers the mapping to the arena; the last step that can fail. */
  private static MemorySegment inArena(
      Path path,
      Arena arena,
      RawMapping raw,
      UseGuard guard,
      Runnable before,
      Runnable afterwards) {
    MemorySegment whole =
        MemorySegment.ofAddress(raw.address())
            .reinterpret(raw.length(), arena, _ -> release(path, raw, guard, before, afterwards));
    MappedRanges.add(raw.address(), raw.length());
    return whole;
  }

  private static void release(
      Path path, RawMapping raw, UseGuard guard, Runnable before, Runnable afterwards) {
    Runnable unmap =
        () -> {
          before.run();
          MappedRanges.remove(raw.address());
          PmemEvents.closed(path, raw.length());
          try {
            raw.unmap(path);
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
