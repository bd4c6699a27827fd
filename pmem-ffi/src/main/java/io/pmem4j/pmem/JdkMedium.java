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
import jdk.nio.mapmode.ExtendedMapMode;

/**
 * The pure-JDK backend. {@code READ_WRITE_SYNC} is tried first: the kernel grants it (MAP_SYNC)
 * only where written-back cache lines are durable, and then {@code force} is the JDK's own
 * write-back loop. Everywhere else {@code force} is msync.
 *
 * <p>All access is through segments in the caller's arena, so that the arena's own checks are the
 * close safety of this backend.
 */
final class JdkMedium extends Medium {
  private static final int FILL_CHUNK = 1 << 20;

  private final BackingFile file;
  private final MemorySegment mapped;
  private final Granularity granularity;

  /** {@link MemorySegment#force()}; a test puts a close in its way. */
  private final Consumer<MemorySegment> force;

  private JdkMedium(
      Path path,
      long fileOffset,
      MemorySegment mapped,
      BackingFile file,
      Granularity granularity,
      boolean readOnly,
      Consumer<MemorySegment> force) {
    super(path, fileOffset, readOnly ? mapped.asReadOnly() : mapped);
    this.mapped = mapped;
    this.file = file;
    this.granularity = granularity;
    this.force = force;
  }

  static Medium map(Path path, MapSpec spec, Arena arena) throws IOException {
    return map(path, spec, arena, MemorySegment::force);
  }

  static Medium map(Path path, MapSpec spec, Arena arena, Consumer<MemorySegment> force)
      throws IOException {
    if (!spec.creates()) {
      return mapFile(path, spec, arena, force);
    }
    BackingFile.checkRoom(path, spec);
    try (FileChannel created =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      try {
        allocate(created, spec);
        return mapFile(path, spec, arena, force);
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

  private static Medium mapFile(Path path, MapSpec spec, Arena arena, Consumer<MemorySegment> force)
      throws IOException {
    BackingFile file = BackingFile.open(path);
    try {
      Medium medium = mapOpened(path, spec, arena, file, force);
      // Closed with the mapping: a zero-length segment whose only use is its clean-up.
      MemorySegment.NULL.reinterpret(0, arena, _ -> closeQuietly(file));
      return medium;
    } catch (IOException | RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  private static Medium mapOpened(
      Path path, MapSpec spec, Arena arena, BackingFile file, Consumer<MemorySegment> force)
      throws IOException {
    long length = file.lengthToMap(spec);
    if (spec.isReadOnly()) {
      refuseIfTooCoarse(path, spec, Granularity.PAGE);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        file.verifyUnreplaced();
        MemorySegment loads =
            channel.map(FileChannel.MapMode.READ_ONLY, spec.offset(), length, arena);
        return new JdkMedium(path, spec.offset(), loads, file, Granularity.PAGE, true, force);
      }
    }
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      file.verifyUnreplaced();
      Granularity granularity = Granularity.CACHE_LINE;
      if (!spec.accepts(granularity)) {
        // Before anything is mapped: a mapping stays until the caller closes the arena.
        throw new FileSystemException(
            path.toString(),
            null,
            "the JDK knows no granularity finer than CACHE_LINE; required is " + spec.coarsest());
      }
      MemorySegment mapped;
      try {
        mapped = channel.map(ExtendedMapMode.READ_WRITE_SYNC, spec.offset(), length, arena);
      } catch (IOException | UnsupportedOperationException _) {
        // Not this medium, or not this processor. Whatever else is wrong the plain map says again.
        granularity = Granularity.PAGE;
        refuseIfTooCoarse(path, spec, granularity);
        mapped = channel.map(FileChannel.MapMode.READ_WRITE, spec.offset(), length, arena);
      }
      return new JdkMedium(path, spec.offset(), mapped, file, granularity, false, force);
    }
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
    force("deepPersist", offset, length);
    if (granularity == Granularity.PAGE) {
      return;
    }
    // The write-back stops at the memory controller; fsync makes the driver empty its queues.
    try {
      file.sync();
    } catch (IOException reason) {
      drain();
      PmemException failure = failure("deepPersist", 0, reason.toString(), offset, length);
      failure.initCause(reason);
      throw failure;
    }
  }

  private void force(String operation, long offset, long length) {
    if (memory.isReadOnly()) {
      throw new IllegalArgumentException("mapped read-only");
    }
    // Closing a shared arena does not wait for a thread that is in msync or on its way there: it
    // then
    // finds no memory, or somebody else's. If the arena is alive afterwards it was ours throughout;
    // if
    // not, that is what the caller has to hear, whatever msync said.
    try {
      forceMapped(operation, offset, length);
    } finally {
      checkUsable();
    }
  }

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
