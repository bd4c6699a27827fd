// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

/** A set of fault handlers of a DAX file; a {@link LabOrders} order says what they lock. */
public enum Profile {
  /** One handler for all faults, as Linux has had it since 4.10; none for 2 MiB at once. */
  LINUX_5_10(false, true, false),

  /** As {@link #LINUX_5_10}; a copy of zeros to a program's memory stops at the byte. */
  LINUX_6_1(false, true, false),

  /**
   * As {@link #LINUX_6_1}; a write from a program's memory that ends stops at a word, and blocks of
   * attributes are not taken from windows.
   */
  LINUX_6_12(false, true, false),

  /**
   * The four handlers of the 2015 series over the bodies of 5.10: fault, huge_fault, page_mkwrite
   * and pfn_mkwrite. For a page past EOF, pfn_mkwrite answers SIGBUS.
   */
  SERIES(true, true, false),

  /** The four handlers before the series: pfn_mkwrite does not look at the size. */
  BEFORE_SERIES(true, false, false),

  /**
   * The four handlers as they were merged for Linux 4.4, over the bodies of that time. No kernel of
   * this project runs them. Forking and writing back are those of 5.10.
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

  /** Returns true if each kind of fault has a handler of its own. */
  public boolean fourHandlers() {
    return fourHandlers;
  }

  /** Returns true if a hole is shown as a page of the page cache. */
  public boolean holePages() {
    return holePages;
  }

  /** Returns true if pfn_mkwrite refuses a page past EOF. */
  public boolean pfnMkwriteChecksSize() {
    return checksSize;
  }
}
