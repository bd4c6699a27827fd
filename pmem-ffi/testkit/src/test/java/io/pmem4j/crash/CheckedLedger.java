// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** The ledger of the cookbook as two methods, and the same without the persist of the payload. */
public final class CheckedLedger {
  private static final MapSpec SPEC = MapSpec.openOrCreate(1 << 24).exclusive();

  private CheckedLedger() {}

  public static void append(Path file, int count) throws IOException {
    append(file, count, true);
  }

  public static void appendWithoutPersist(Path file, int count) throws IOException {
    append(file, count, false);
  }

  private static void append(Path file, int count, boolean persists) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion ledger = Pmem.map(file, SPEC, arena);
      long entries = ledger.getLong(0);
      for (long n = entries; n < entries + count; n++) {
        ledger.putLong(64 + 8 * n, n * n + 1);
        if (persists) {
          ledger.persist(64 + 8 * n, 8);
        }
        ledger.publishLong(0, n + 1);
      }
    }
  }

  public static void verify(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion ledger = Pmem.map(file, SPEC, arena);
      long entries = ledger.getLong(0);
      for (long n = 0; n < entries; n++) {
        if (ledger.getLong(64 + 8 * n) != n * n + 1) {
          throw new IllegalStateException("entry lost: " + n);
        }
      }
    }
  }
}
