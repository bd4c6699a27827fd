// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import io.pmem4j.pmem.libpmem.LibPmem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The libpmem backend. Native code works on raw addresses under a {@link UseGuard}: write-back of
 * cache lines in critical calls, msync in ordinary ones. At {@link Granularity#PAGE} native code
 * does nothing but msync, which does not touch the memory; a truncated file cannot kill the JVM
 * there.
 */
final class LibPmemMedium extends Medium {
  private static final int ENOENT = 2;
  private static final int EACCES = 13;
  private static final int EEXIST = 17;
  private static final int NEW_FILE_MODE = 0666; // and the umask takes away from it

  private final Granularity granularity;
  private final UseGuard guard;
  private final long address;
  private final @Nullable BackingFile file;

  private LibPmemMedium(
      Path path,
      long fileOffset,
      MemorySegment memory,
      Granularity granularity,
      UseGuard guard,
      @Nullable BackingFile file) {
    super(path, fileOffset, memory);
    this.address = memory.address();
    this.granularity = granularity;
    this.guard = guard;
    this.file = file;
  }

  static Medium map(Path path, MapSpec spec, Arena arena) throws IOException {
    return map(path, spec, arena, UseGuard::of);
  }

  /** As {@link #map(Path, MapSpec, Arena)}; tests plant a guard that does not guard. */
  static Medium map(Path path, MapSpec spec, Arena arena, Function<Arena, UseGuard> guards)
      throws IOException {
    if (!spec.creates()) {
      if (BackingFile.isCharacterDevice(path)) {
        return adopt(path, spec, arena, guards, mapDevice(path), null);
      }
      BackingFile file = BackingFile.open(path);
      try {
        file.lengthToMap(spec);
        return adopt(path, spec, arena, guards, nativeMap(path, 0, 0), file);
      } catch (IOException | RuntimeException | Error failure) {
        file.close();
        throw failure;
      }
    }
    BackingFile.checkRoom(path, spec);
    int flags =
        LibPmem.PMEM_FILE_CREATE()
            | LibPmem.PMEM_FILE_EXCL()
            | (spec.isSparse() ? LibPmem.PMEM_FILE_SPARSE() : 0);
    NativePmem.Mapping mapping = nativeMap(path, spec.newLength(), flags);
    // The file is ours from here on: libpmem has removed it itself if it failed.
    try {
      BackingFile file = openNew(path, mapping);
      try {
        return adopt(path, spec, arena, guards, mapping, file);
      } catch (IOException | RuntimeException | Error failure) {
        file.close();
        throw failure;
      }
    } catch (IOException | RuntimeException | Error failure) {
      Files.deleteIfExists(path);
      throw failure;
    }
  }

  private static BackingFile openNew(Path path, NativePmem.Mapping mapping) throws IOException {
    try {
      return BackingFile.open(path);
    } catch (IOException | RuntimeException failure) {
      NativePmem.unmap(mapping.address(), mapping.length());
      throw failure;
    }
  }

  private static NativePmem.Mapping nativeMap(Path path, long length, int flags)
      throws IOException {
    NativePmem.MapResult result = NativePmem.mapFile(path.toString(), length, flags, NEW_FILE_MODE);
    if (result.failure().isPresent()) {
      throw refusal(path, length, result.failure().get());
    }
    return result.mapping().orElseThrow();
  }

  private static NativePmem.Mapping mapDevice(Path path) throws IOException {
    try {
      return nativeMap(path, 0, 0);
    } catch (FileSystemException refusal) {
      if (refusal.getReason() != null && refusal.getReason().isBlank()) {
        // What libpmem answers for devices that are not DAX devices, without a word.
        FileSystemException said =
            new FileSystemException(path.toString(), null, "is not a DAX device");
        said.initCause(refusal.getCause());
        throw said;
      }
      throw refusal;
    }
  }

  private static FileSystemException refusal(Path path, long length, NativePmem.Failure failure) {
    String name = path.toString();
    FileSystemException refusal =
        switch (failure.errno()) {
          case ENOENT -> new NoSuchFileException(name);
          case EACCES -> new AccessDeniedException(name);
          case EEXIST -> new FileAlreadyExistsException(name);
          default -> new FileSystemException(name, null, failure.message());
        };
    refusal.initCause(
        new PmemException("map", failure.errno(), failure.message(), path, 0, length));
    return refusal;
  }

  /** Hands a fresh native mapping over to the arena, or unmaps it. */
  private static Medium adopt(
      Path path,
      MapSpec spec,
      Arena arena,
      Function<Arena, UseGuard> guards,
      NativePmem.Mapping mapping,
      @Nullable BackingFile file)
      throws IOException {
    UseGuard guard;
    Granularity granularity;
    long length;
    MemorySegment whole;
    try {
      granularity = granularity(mapping);
      length = checked(path, spec, mapping, granularity, file);
      guard = guards.apply(arena);
      whole =
          MemorySegment.ofAddress(mapping.address())
              .reinterpret(mapping.length(), arena, _ -> release(path, mapping, guard, file));
    } catch (IOException | RuntimeException | Error failure) {
      NativePmem.unmap(mapping.address(), mapping.length());
      throw failure;
    }
    MappedRanges.add(mapping.address(), mapping.length());
    MemorySegment part = whole.asSlice(spec.offset(), length);
    return new LibPmemMedium(path, spec.offset(), part, granularity, guard, file);
  }

  private static Granularity granularity(NativePmem.Mapping mapping) {
    if (!mapping.isPmem()) {
      return Granularity.PAGE;
    }
    return NativePmem.hasAutoFlush() ? Granularity.BYTE : Granularity.CACHE_LINE;
  }

  /** Every reason to refuse that is known only after mapping; answers the length to use. */
  private static long checked(
      Path path,
      MapSpec spec,
      NativePmem.Mapping mapping,
      Granularity granularity,
      @Nullable BackingFile file)
      throws IOException {
    if (file != null) {
      file.verifyUnreplaced();
    } else if (granularity == Granularity.PAGE) {
      throw new FileSystemException(path.toString(), null, "is a device without DAX");
    }
    refuseIfTooCoarse(path, spec, granularity);
    long length = spec.lengthWithin(mapping.length());
    if (length < 0) {
      throw new FileSystemException(
          path.toString(), null, "slice outside " + mapping.length() + " bytes: " + spec);
    }
    return length;
  }

  private static void release(
      Path path, NativePmem.Mapping mapping, UseGuard guard, @Nullable BackingFile file) {
    guard.shut();
    MappedRanges.remove(mapping.address());
    Optional<NativePmem.Failure> failed = NativePmem.unmap(mapping.address(), mapping.length());
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException reason) {
      throw new UncheckedIOException(reason);
    }
    if (failed.isPresent()) {
      throw new PmemException(
          "unmap", failed.get().errno(), failed.get().message(), path, 0, mapping.length());
    }
  }

  @Override
  Backend backend() {
    return Backend.LIBPMEM;
  }

  @Override
  Granularity granularity() {
    return granularity;
  }

  @Override
  String domain() {
    String forced =
        "1".equals(System.getenv("PMEM_IS_PMEM_FORCE"))
            ? "; forced by PMEM_IS_PMEM_FORCE=1, not durable on power loss"
            : "";
    return switch (granularity) {
      case BYTE -> "memory: caches are durable, stores are fenced" + forced;
      case CACHE_LINE ->
          ("1".equals(System.getenv("PMEM_NO_FLUSH"))
                  ? "memory: nothing is written back because of PMEM_NO_FLUSH=1, durable only where"
                      + " caches are"
                  : "memory: cache lines written back by libpmem")
              + forced;
      case PAGE -> "storage: pages written by msync";
    };
  }

  @Override
  void verifyUnreplaced() throws IOException {
    if (file != null) {
      file.verifyUnreplaced();
    }
  }

  @Override
  void flush(long offset, long length) {
    int ticket = guard.enter();
    try {
      if (granularity == Granularity.CACHE_LINE) {
        NativePmem.flush(address + offset, length);
      } else if (granularity == Granularity.PAGE) {
        sync("flush", offset, length);
      }
    } finally {
      guard.exit(ticket);
    }
  }

  @Override
  void drain() {
    int ticket = guard.enter();
    try {
      if (granularity != Granularity.PAGE) {
        NativePmem.drain();
      }
    } finally {
      guard.exit(ticket);
    }
  }

  @Override
  void persist(long offset, long length) {
    int ticket = guard.enter();
    try {
      if (granularity == Granularity.CACHE_LINE) {
        if (length <= NativePmem.CRITICAL_BYTES) {
          NativePmem.persist(address + offset, length);
        } else {
          NativePmem.flush(address + offset, length);
          NativePmem.drain();
        }
      } else if (granularity == Granularity.PAGE) {
        sync("persist", offset, length);
      } else {
        NativePmem.drain();
      }
    } finally {
      guard.exit(ticket);
    }
  }

  @Override
  void deepPersist(long offset, long length) {
    int ticket = guard.enter();
    try {
      if (granularity == Granularity.PAGE) {
        sync("deepPersist", offset, length);
        return;
      }
      Optional<NativePmem.Failure> failed = NativePmem.deepPersist(address + offset, length);
      if (failed.isPresent()) {
        throw failure("deepPersist", failed.get().errno(), failed.get().message(), offset, length);
      }
    } finally {
      guard.exit(ticket);
    }
  }

  @Override
  void write(long offset, MemorySegment source, Caching how) {
    if (granularity == Granularity.PAGE || !MappedRanges.isTrusted(source)) {
      super.write(offset, source, how);
      return;
    }
    int ticket = guard.enter();
    try {
      NativePmem.write(address + offset, source, how);
    } finally {
      guard.exit(ticket);
    }
  }

  @Override
  void writeFill(long offset, long length, byte value, Caching how) {
    if (granularity == Granularity.PAGE) {
      super.writeFill(offset, length, value, how);
      return;
    }
    int ticket = guard.enter();
    try {
      NativePmem.fill(address + offset, length, value, how);
    } finally {
      guard.exit(ticket);
    }
  }

  /** Called under the guard, which also keeps the file open. */
  private void sync(String operation, long offset, long length) {
    Optional<NativePmem.Failure> failed = NativePmem.msync(address + offset, length);
    if (failed.isPresent()) {
      throw failure(operation, failed.get().errno(), failed.get().message(), offset, length);
    }
    checkLength(operation, file, offset, length);
  }
}
