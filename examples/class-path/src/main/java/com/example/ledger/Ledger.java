// SPDX-License-Identifier: Apache-2.0
package com.example.ledger;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** The ledger of the README: the number of entries at 0, the entries from 64 on. */
public final class Ledger {
  private static final MapSpec SPEC = MapSpec.openOrCreate(1 << 20).exclusive();

  private Ledger() {}

  /** Appends entries, each durable when the next one begins. */
  public static void append(Path file, int count) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion ledger = Pmem.map(file, SPEC, arena);
      long entries = ledger.getLong(0);
      for (long n = entries; n < entries + count; n++) {
        ledger.putLong(64 + 8 * n, n * n + 1); // the payload,
        ledger.persist(64 + 8 * n, 8); // durable;
        ledger.publishLong(0, n + 1); // then the commit, all or nothing
      }
    }
  }

  /** Throws if a committed entry is not there. */
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
