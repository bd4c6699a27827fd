// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import jdk.nio.mapmode.ExtendedMapMode;

/**
 * The pure-JDK backend. {@code READ_WRITE_SYNC} is tried first: the kernel grants it (MAP_SYNC)
 * only where written-back cache lines are durable, and then {@code force} is the JDK's own
 * write-back loop. Everywhere else {@code force} is msync.
 *
 * <p>Loads and stores go through a segment in the caller's arena, whose checks keep them from
 * closed memory. {@code force} works on the mapping itself, which is in an arena of its own, under
 * a {@link UseGuard}: the caller's arena closes that one when no force is left. In the caller's
 * arena a force would be stopped by an exception at any of its safepoint polls, because it runs as
 * an access to the memory. That exception may come between the kernel's unmapping and msync, which
 * then fails or works on somebody else's memory; and in a virtual thread between two counts of the
 * scheduler of virtual threads, which then has carriers without end or wakes none ever again (seen
 * on JDK 25.0.3, within seconds).
 */
final class JdkMedium extends Medium {
  private static final int FILL_CHUNK = 1 << 20;

  private final BackingFile file;

  /** In an arena that is closed after {@link #guard} has been shut; used under the guard alone. */
  private final MemorySegment mapped;

  private final UseGuard guard;
  private final Granularity granularity;

  /** {@link MemorySegment#force()}; tests let it fail, or hold it. */
  private final Consumer<MemorySegment> force;

  private JdkMedium(
      Path path,
      long fileOffset,
      MemorySegment memory,
      MemorySegment mapped,
      UseGuard guard,
      BackingFile file,
      Granularity granularity,
      Consumer<MemorySegment> force) {
    super(path, fileOffset, memory);
    this.mapped = mapped;
    this.guard = guard;
    this.file = file;
    this.granularity = granularity;
    this.force = force;
  }

  static Medium map(Path path, MapSpec spec, Arena arena) throws IOException {
    return map(path, spec, arena, UseGuard::of, MemorySegment::force);
  }

  /**
   * As {@link #map(Path, MapSpec, Arena)}; tests plant a guard that does not guard, and a force
   * that fails or that they hold.
   */
  static Medium map(
      Path path,
      MapSpec spec,
      Arena arena,
      Function<Arena, UseGuard> guards,
      Consumer<MemorySegment> force)
      throws IOException {
    if (!spec.creates()) {
      return mapFile(path, spec, arena, guards, force);
    }
    BackingFile.checkRoom(path, spec);
    try (FileChannel created =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      try {
        allocate(created, spec);
        return mapFile(path, spec, arena, guards, force);
      } catch (IOException | RuntimeException | Error failure) {
        Files.deleteIfExists(path);
        throw failure;
      }
    }
  }

  private static void allocate(FileChannel created, MapSpec spec) throws IOException {
    if (spec.isSparse()) {
      created.write(ByteBuffer.allocate(1), spec.newLength() - 1);
      return;
    }
    // The JDK has no posix_fallocate; only written blocks are allocated blocks.
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(FILL_CHUNK, spec.newLength()));
    for (long written = 0; written < spec.newLength(); ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), spec.newLength() - written));
      written += created.write(zeros, written);
    }
  }

  private static Medium mapFile(
      Path path,
      MapSpec spec,
      Arena arena,
      Function<Arena, UseGuard> guards,
      Consumer<MemorySegment> force)
      throws IOException {
    BackingFile file = BackingFile.open(path);
    try {
      // First of all what the arena may refuse.
      UseGuard guard = guards.apply(arena);
      Arena ours = guard.arena();
      try {
        Mapping mapping = mapOpened(path, spec, ours, file);
        MemorySegment memory =
            MemorySegment.ofAddress(mapping.segment().address())
                .reinterpret(mapping.segment().byteSize(), arena, _ -> release(guard, ours, file));
        return new JdkMedium(
            path,
            spec.offset(),
            spec.isReadOnly() ? memory.asReadOnly() : memory,
            mapping.segment(),
            guard,
            file,
            mapping.granularity(),
            force);
      } catch (IOException | RuntimeException | Error failure) {
        guard.close(ours);
        throw failure;
      }
    } catch (IOException | RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  private record Mapping(MemorySegment segment, Granularity granularity) {}

  private static Mapping mapOpened(Path path, MapSpec spec, Arena ours, BackingFile file)
      throws IOException {
    long length = file.lengthToMap(spec);
    if (spec.isReadOnly()) {
      refuseIfTooCoarse(path, spec, Granularity.PAGE);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        file.verifyUnreplaced();
        return new Mapping(
            channel.map(FileChannel.MapMode.READ_ONLY, spec.offset(), length, ours),
            Granularity.PAGE);
      }
    }
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      file.verifyUnreplaced();
      if (!spec.accepts(Granularity.CACHE_LINE)) {
        throw new FileSystemException(
            path.toString(),
            null,
            "the JDK knows no granularity finer than CACHE_LINE; required is " + spec.coarsest());
      }
      try {
        return new Mapping(
            channel.map(ExtendedMapMode.READ_WRITE_SYNC, spec.offset(), length, ours),
            Granularity.CACHE_LINE);
      } catch (IOException | UnsupportedOperationException _) {
        // Not this medium, or not this processor. Whatever else is wrong the plain map says again.
        refuseIfTooCoarse(path, spec, Granularity.PAGE);
        return new Mapping(
            channel.map(FileChannel.MapMode.READ_WRITE, spec.offset(), length, ours),
            Granularity.PAGE);
      }
    }
  }

  private static void release(UseGuard guard, Arena ours, BackingFile file) {
    guard.shut();
    guard.close(ours);
    closeQuietly(file);
  }

  private static void closeQuietly(BackingFile file) {
    try {
      file.close();
    } catch (IOException reason) {
      throw new UncheckedIOException(reason);
    }
  }

  @Override
  Backend backend() {
    return Backend.JDK;
  }

  @Override
  Granularity granularity() {
    return granularity;
  }

  @Override
  String domain() {
    if (memory.isReadOnly()) {
      return "mapped read-only by the JDK";
    }
    return granularity == Granularity.CACHE_LINE
        ? "memory: cache lines written back by the JDK (MAP_SYNC)"
        : "storage: pages written by msync";
  }

  @Override
  void verifyUnreplaced() throws IOException {
    file.verifyUnreplaced();
  }

  @Override
  void flush(long offset, long length) {
    force("flush", offset, length);
  }

  @Override
  void drain() {
    checkUsable();
  }

  @Override
  void persist(long offset, long length) {
    force("persist", offset, length);
  }

  @Override
  void deepPersist(long offset, long length) {
    int ticket = enter();
    try {
      forceMapped("deepPersist", offset, length);
      if (granularity == Granularity.PAGE) {
        return;
      }
      // The write-back stops at the memory controller; fsync makes the driver empty its queues.
      try {
        file.sync();
      } catch (IOException reason) {
        PmemException failure = failure("deepPersist", 0, reason.toString(), offset, length);
        failure.initCause(reason);
        throw failure;
      }
    } finally {
      guard.exit(ticket);
    }
  }

  private void force(String operation, long offset, long length) {
    int ticket = enter();
    try {
      forceMapped(operation, offset, length);
    } finally {
      guard.exit(ticket);
    }
  }

  private int enter() {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException("mapped read-only");
    }
    return guard.enter();
  }

  /** Called under the guard, which also keeps the file open. */
  private void forceMapped(String operation, long offset, long length) {
    try {
      force.accept(mapped.asSlice(offset, length));
    } catch (UncheckedIOException reason) {
      String said = Objects.toString(reason.getMessage(), "force failed");
      PmemException failure = failure(operation, 0, said, offset, length);
      failure.initCause(reason);
      throw failure;
    }
    if (granularity == Granularity.PAGE) {
      checkLength(operation, file, offset, length);
    }
  }
}
