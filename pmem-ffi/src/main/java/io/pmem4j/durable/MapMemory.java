// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a map: a region of its whole file, which a file can make longer. Regions from
 * before a growth stay mapped until the end, so that readers of older commits go on. Guarded by the
 * lock of the writer.
 */
final class MapMemory implements AutoCloseable {
  /** Growth by half keeps the sum of all regions below three times the last one. */
  private static final int PART = 2;

  /** Numbers of pages are not negative. */
  private static final long MAX_BYTES = (long) Integer.MAX_VALUE * MapPage.SIZE;

  private final @Nullable PmemFile file;
  private final @Nullable Arena arena;
  private final long maxBytes;

  /** The memory when the map was opened. */
  final PersistentMemory first;

  private MapMemory(
      PersistentMemory first, @Nullable PmemFile file, @Nullable Arena arena, long maxBytes) {
    this.first = first;
    this.file = file;
    this.arena = arena;
    this.maxBytes = Math.min(maxBytes, MAX_BYTES);
  }

  /** Returns memory that does not grow, and that belongs to the caller. */
  static MapMemory fixed(PersistentMemory memory) {
    return new MapMemory(memory, null, null, 0);
  }

  /**
   * Opens or makes a file, which is exclusive. A device does not grow.
   *
   * @param maxBytes the length up to which a file grows
   */
  @SuppressWarnings("MustBeClosedChecker") // by close
  static MapMemory open(Path path, MapSpec spec, long maxBytes) throws IOException {
    Arena arena = Arena.ofShared();
    PmemFile file = null;
    try {
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        return new MapMemory(Pmem.map(path, spec, arena), null, arena, 0);
      }
      file = PmemFile.open(path, spec);
      return new MapMemory(file.region(0, file.length(), arena), file, arena, maxBytes);
    } catch (IOException | RuntimeException | Error refused) {
      close(arena, file);
      throw refused;
    }
  }

  /**
   * Makes the file longer, by half if there is room for that. The length and the blocks are durable
   * when this method returns, and no page past the length of before is in use earlier.
   *
   * @param now the memory of before
   * @param missing the pages that are needed at least
   * @return a region of the whole file
   * @throws MapFullException if the file does not grow by so much; it is as before
   */
  PersistentMemory grow(PersistentMemory now, int missing) {
    long length = now.byteSize() / MapPage.SIZE * MapPage.SIZE;
    long least = length + (long) missing * MapPage.SIZE;
    if (file == null || arena == null) {
      throw new MapFullException(missing, "its memory does not grow", null);
    }
    if (least > maxBytes) {
      throw new MapFullException(missing, "its file grows to " + maxBytes + " bytes at most", null);
    }
    long wanted = length / MapPage.SIZE / PART * MapPage.SIZE;
    long generous = Math.min(maxBytes, Math.max(least, length + wanted));
    try {
      extend(file, least, generous);
      return file.region(0, file.length(), arena);
    } catch (IOException refused) {
      throw new MapFullException(missing, "its file cannot grow", refused);
    }
  }

  private static void extend(PmemFile file, long least, long generous) throws IOException {
    try {
      file.extend(generous);
    } catch (IOException noRoom) {
      file.extend(least);
    }
  }

  private static void close(@Nullable Arena arena, @Nullable PmemFile file) {
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
    if (file != null) {
      file.close();
    }
  }

  @Override
  public void close() {
    close(arena, file);
  }
}
