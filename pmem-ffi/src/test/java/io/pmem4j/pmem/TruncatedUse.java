// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/**
 * Uses a file until somebody truncates it, in a JVM of its own: with cache lines written back by
 * native code that is its end. Arguments: file, backend, what to do ({@code load} or {@code
 * persist}).
 */
final class TruncatedUse {
  private static final long LAST_PAGE = 60 << 10;

  private TruncatedUse() {}

  public static void main(String[] arguments) throws Exception {
    MapSpec spec = MapSpec.existing().backend(Backend.valueOf(arguments[1]));
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(Path.of(arguments[0]), spec, arena);
      boolean load = arguments[2].equals("load");
      region.publishLong(0, 1); // the parent truncates when it sees this
      try {
        for (long n = 0; n >= 0; n++) {
          if (load) {
            region.getLong(LAST_PAGE);
          } else {
            region.persist(LAST_PAGE, 8);
          }
        }
      } catch (PmemException failure) {
        System.out.println(failure.getClass().getSimpleName() + " at " + failure.offset());
      }
      System.out.println("alive: " + region.getLong(0));
    }
  }
}
