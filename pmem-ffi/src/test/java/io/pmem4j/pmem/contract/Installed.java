// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Pmem;

/** Software that tests need; without it they are skipped and print the reason. */
public final class Installed {
  private Installed() {}

  /** Skips the test without libpmem.so.1. */
  public static void assumeLibpmem() {
    assumeTrue(Pmem.libpmemAbsence().isEmpty(), () -> Pmem.libpmemAbsence().orElseThrow());
  }
}
