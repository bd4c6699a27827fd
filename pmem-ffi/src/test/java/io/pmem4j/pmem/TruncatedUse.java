// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Uses a file until the parent truncates it, in a JVM of its own: with cache lines written back by
 * native code that is its end. Arguments: file, backend, what to do ({@code load}, {@code persist},
 * or {@code copy} to write from it into a region of another file).
 */
final class TruncatedUse {
  private static final long LAST_PAGE = 60 << 10;

  /** After so many the loop below is compiled, without a poll for safepoints in each round. */
  private static final int WARMUP = 50;

  private TruncatedUse() {}

  private static long load(PmemRegion region) {
    long sum = 0;
    for (int i = 0; i < 20_000; i++) {
      sum += region.getLong(LAST_PAGE);
    }
    return sum;
  }

  public static void main(String[] arguments) throws Exception {
    MapSpec spec = MapSpec.existing().backend(Backend.valueOf(arguments[1]));
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(Path.of(arguments[0]), spec, arena);
      PmemRegion other =
          Pmem.map(
              Files.createTempDirectory(Path.of(arguments[0]).getParent(), "other")
                  .resolve("region"),
              MapSpec.createNew(8192).backend(Backend.valueOf(arguments[1])),
              arena);
      if (arguments[2].equals("load")) {
        for (int i = 0; i < WARMUP; i++) {
          load(region);
        }
      }
      region.publishLong(0, 1); // the parent truncates when it sees this
      try {
        for (long n = 0; n >= 0; n++) {
          switch (arguments[2]) {
            case "load" -> load(region);
            case "persist" -> region.persist(LAST_PAGE, 8);
            default -> other.write(0, region.segment(), LAST_PAGE, 4096, Caching.TEMPORAL);
          }
        }
      } catch (PmemException failure) {
        System.out.println(failure.getClass().getSimpleName() + " at " + failure.offset());
      }
      System.out.println("alive: " + region.getLong(0));
    }
  }
}
