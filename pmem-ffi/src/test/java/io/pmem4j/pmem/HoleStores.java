// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Stores into the holes of sparse files on a file system that fills up, in a JVM of its own.
 * Arguments: folder, backend. Prints what each kind of store said, and how many acknowledged ones
 * are there.
 */
final class HoleStores {
  private static final int PAGE = 4096;
  private static final int PAGES = 1024;

  private HoleStores() {}

  /** A store at an offset, of 64 bytes at most. */
  private interface Store {
    void at(PmemRegion region, long offset);
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Backend backend = Backend.valueOf(arguments[1]);
    byte[] bytes = new byte[64];
    MemorySegment segment = Arena.global().allocate(64);
    until("putLong", folder, backend, (region, at) -> region.putLong(at, 1));
    until("publish", folder, backend, (region, at) -> region.publishLong(at, 1));
    until("exchange", folder, backend, (region, at) -> region.compareAndPublish(at, 0, 1));
    until("copy", folder, backend, (region, at) -> region.copy(at, bytes, 0, 64));
    until("fill", folder, backend, (region, at) -> region.fill(at, 64, (byte) 1));
    for (Caching how : Caching.values()) {
      until("write", folder, backend, (region, at) -> region.write(at, bytes, 0, 64, how));
      until("write", folder, backend, (region, at) -> region.write(at, segment, 0, 64, how));
      until("writeFill", folder, backend, (region, at) -> region.writeFill(at, 64, (byte) 1, how));
    }
    for (int warmUp = 0; warmUp < 40; warmUp++) {
      acknowledged(folder, backend, 64);
    }
    System.out.println("acknowledged but not there: " + acknowledged(folder, backend, PAGES));
    System.out.println("alive");
  }

  private static void until(String what, Path folder, Backend backend, Store store)
      throws IOException {
    Path file = folder.resolve("holes");
    try (Arena arena = Arena.ofShared()) {
      MapSpec spec = MapSpec.createNew((long) PAGES * PAGE).sparse().backend(backend);
      PmemRegion region = Pmem.map(file, spec, arena);
      for (long offset = 0; offset < region.byteSize(); offset += PAGE) {
        try {
          store.at(region, offset);
        } catch (PmemMediaException full) {
          System.out.println(
              what
                  + ": "
                  + (full.isPlaceCertain() && full.offset() == offset
                      ? "told with its place"
                      : "told of " + full.getMessage() + " for " + offset));
          return;
        }
      }
      System.out.println(what + ": never told");
    } finally {
      Files.delete(file);
    }
  }

  /** Returns the number of pages that persist has acknowledged and the file does not have. */
  private static int acknowledged(Path folder, Backend backend, int pages) throws IOException {
    Path file = folder.resolve("log");
    boolean[] acknowledged = new boolean[pages];
    try (Arena arena = Arena.ofShared()) {
      MapSpec spec = MapSpec.createNew((long) pages * PAGE).sparse().backend(backend);
      PmemRegion region = Pmem.map(file, spec, arena);
      try {
        persistAll(region, acknowledged);
      } catch (PmemMediaException full) {
        // Below it is counted what was acknowledged before.
      }
      int missing = 0;
      for (int page = 0; page < pages; page++) {
        if (acknowledged[page] && region.getLong((long) page * PAGE) == 0) {
          missing++;
        }
      }
      return missing;
    } finally {
      Files.delete(file);
    }
  }

  private static void persistAll(PmemRegion region, boolean[] acknowledged) {
    for (int page = 0; page < acknowledged.length; page++) {
      region.putLong((long) page * PAGE, 0x5EED);
      region.persist((long) page * PAGE, 8);
      acknowledged[page] = true;
    }
  }
}
