// SPDX-License-Identifier: Apache-2.0
package com.example.ledger;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.pmem4j.crash.CrashFoundError;
import io.pmem4j.crash.CrashMedium;
import io.pmem4j.crash.junit.CrashTest;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Every state that a power failure may leave, by the rules of x86 and of the Java memory model. */
class LedgerTest {
  @CrashTest
  void entriesSurvive(CrashMedium medium) throws Throwable {
    medium.run(file -> Ledger.append(file, 3)).after(file -> Ledger.verify(file));
  }

  /** The same ledger without the persist of its payload: the missing flush is found. */
  @CrashTest
  void aMissingFlushIsFound(CrashMedium medium) {
    CrashFoundError found =
        assertThrows(
            CrashFoundError.class,
            () ->
                medium
                    .run(LedgerTest::appendWithoutPersist)
                    .after(file -> Ledger.verify(file)));
    assertTrue(
        found.getMessage().contains("repair that makes all 6 states pass: persist(64, 8)"),
        found.getMessage());
  }

  private static void appendWithoutPersist(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion ledger = Pmem.map(file, MapSpec.openOrCreate(1 << 20), arena);
      ledger.putLong(64, 1);
      ledger.publishLong(0, 1);
    }
  }
}
