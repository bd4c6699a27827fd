// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Pmem;

/** What a test needs of the machine; without it the test is skipped, and says why. */
public final class Installed {
  private Installed() {}

  /** libpmem.so.1. */
  public static void assumeLibpmem() {
    assumeTrue(Pmem.libpmemAbsence().isEmpty(), () -> Pmem.libpmemAbsence().orElseThrow());
  }
}
