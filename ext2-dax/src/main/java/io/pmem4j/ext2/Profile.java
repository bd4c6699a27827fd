// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** Which handlers a mapping of a DAX file has; their locks are the lock order's. */
public enum Profile {
  /** One handler for all faults, as Linux has had it since 4.10; none for 2 MiB at once. */
  LINUX_5_10(false, true),

  /**
   * The four handlers of the 2015 series over the bodies of 5.10: fault, huge_fault, page_mkwrite
   * and pfn_mkwrite. What pfn_mkwrite is asked for a page behind the end of the file is a bus
   * error.
   */
  SERIES(true, true),

  /** The four handlers before the series: pfn_mkwrite does not look at the size. */
  BEFORE_SERIES(true, false);

  private final boolean fourHandlers;
  private final boolean checksSize;

  Profile(boolean fourHandlers, boolean checksSize) {
    this.fourHandlers = fourHandlers;
    this.checksSize = checksSize;
  }

  /** Whether there is a handler of its own for each kind of fault. */
  public boolean fourHandlers() {
    return fourHandlers;
  }

  /** Whether pfn_mkwrite refuses what lies behind the end of the file. */
  public boolean pfnMkwriteChecksSize() {
    return checksSize;
  }
}
