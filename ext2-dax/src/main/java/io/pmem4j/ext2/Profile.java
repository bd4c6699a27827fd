// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

/** Which handlers a mapping of a DAX file has; their locks are the lock order's. */
public enum Profile {
  /** One handler for all faults, as Linux has had it since 4.10; none for 2 MiB at once. */
  LINUX_5_10(false, true, false),

  /** As {@link #LINUX_5_10}; a copy of zeros to a program's memory stops at the byte. */
  LINUX_6_1(false, true, false),

  /**
   * The four handlers of the 2015 series over the bodies of 5.10: fault, huge_fault, page_mkwrite
   * and pfn_mkwrite. What pfn_mkwrite is asked for a page behind the end of the file is a bus
   * error.
   */
  SERIES(true, true, false),

  /** The four handlers before the series: pfn_mkwrite does not look at the size. */
  BEFORE_SERIES(true, false, false),

  /**
   * The four handlers as they were merged for Linux 4.4, over the bodies of that time. From the
   * history: no kernel of ours runs it. Files are loaded and stored to, read, written and
   * truncated; forking and writing back are those of 5.10.
   */
  V4_4(true, true, true);

  private final boolean fourHandlers;
  private final boolean checksSize;
  private final boolean holePages;

  Profile(boolean fourHandlers, boolean checksSize, boolean holePages) {
    this.fourHandlers = fourHandlers;
    this.checksSize = checksSize;
    this.holePages = holePages;
  }

  /** Whether there is a handler of its own for each kind of fault. */
  public boolean fourHandlers() {
    return fourHandlers;
  }

  /**
   * {@code __clear_user}: the unit of the stores of zeros to a program's memory, bytes. A unit that
   * reaches into a page that faults is not stored. Up to 6.1 it was a word; 6.1 stores by {@code
   * rep stosb} on processors that do it fast.
   */
  public int clearUserBytes() {
    return this == LINUX_6_1 ? 1 : Long.BYTES;
  }

  /** Whether a hole is shown as a page of the page cache. */
  public boolean holePages() {
    return holePages;
  }

  /** Whether pfn_mkwrite refuses what lies behind the end of the file. */
  public boolean pfnMkwriteChecksSize() {
    return checksSize;
  }
}
