// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.guest;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** For the guest's JVM: a region of its own with each backend, and what the medium gives. */
final class RegionProbe {
  private static final long VALUE = 0x706d656d346aL;

  private RegionProbe() {}

  /** Takes a folder; prints {@code BACKEND GRANULARITY} for each backend. */
  public static void main(String[] arguments) throws Exception {
    for (Backend backend : new Backend[] {Backend.LIBPMEM, Backend.JDK}) {
      Path file = Path.of(arguments[0], "region-" + backend);
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(file, MapSpec.createNew(8192).backend(backend), arena);
        region.putLong(4088, VALUE);
        region.persist(4088, 8);
      }
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(file, MapSpec.existing().backend(backend), arena);
        if (region.getLong(4088) != VALUE) {
          throw new IllegalStateException(backend + " lost what it had persisted");
        }
        System.out.println(backend + " " + region.granularity());
      }
    }
  }
}
