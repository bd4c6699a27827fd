// SPDX-License-Identifier: Apache-2.0
package com.example.counter;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Counts its own starts in a file that survives kills and power cuts: the class path, no module. */
public final class StartCounter {
  private StartCounter() {}

  /** Adds one to the counter in the file named by the first argument, and prints it. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    MapSpec spec = MapSpec.openOrCreate(4096).exclusive();
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, spec, arena);
      region.publishLong(0, region.getLong(0) + 1);
      System.out.println("start " + region.getLong(0));
    }
  }
}
