// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Maps one file until the process may have no more mappings, then closes them all and maps again.
 * Arguments: folder, backend, the limit. Prints what was refused and how. It needs a JVM of its
 * own, because one that has reached the kernel's limit ends.
 */
final class MappingLimit {
  /** The mappings that are left to regions; the others are pages, which are made faster. */
  private static final int OF_REGIONS = 16_000;

  private MappingLimit() {}

  /** Uses the process's mappings up but for some; pages with equal rights would be one mapping. */
  private static void usePages(int limit) throws IOException {
    long page = PageWindow.PAGE_BYTES;
    int flags = NativePages.MAP_PRIVATE | NativePages.MAP_ANONYMOUS | NativePages.MAP_NORESERVE;
    int pages = limit - OF_REGIONS;
    long first = NativePages.mmap(0, pages * page, NativePages.PROT_READ, flags, -1, 0);
    for (int i = 1; i < pages; i += 2) {
      NativePages.mmap(first + i * page, page, 0, flags | NativePages.MAP_FIXED, -1, 0);
    }
  }

  public static void main(String[] arguments) throws IOException {
    Path file = Files.write(Path.of(arguments[0]).resolve("file"), new byte[4096]);
    MapSpec spec = MapSpec.existing().backend(Backend.valueOf(arguments[1]));
    usePages(Integer.parseInt(arguments[2]));
    int mapped = 0;
    try (Arena arena = Arena.ofShared()) {
      PmemRegion first = Pmem.map(file, spec, arena);
      try {
        while (true) {
          Pmem.map(file, spec, arena);
          mapped++;
        }
      } catch (FileSystemException refusal) {
        System.out.println("refused: " + refusal.getFile() + ": " + refusal.getReason());
      }
      Path fresh = file.resolveSibling("fresh");
      try {
        Pmem.map(fresh, MapSpec.createNew(4096).backend(Backend.valueOf(arguments[1])), arena);
      } catch (FileSystemException refusal) {
        System.out.println("new file refused, left behind: " + Files.exists(fresh));
      }
      first.putLong(0, 42);
      first.persist(0, 8);
    }
    System.out.println("mapped many: " + (mapped > 10_000));
    try (Arena arena = Arena.ofShared()) {
      System.out.println("afterwards: " + Pmem.map(file, spec, arena).getLong(0));
    }
  }
}
