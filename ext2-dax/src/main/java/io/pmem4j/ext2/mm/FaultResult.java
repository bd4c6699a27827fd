// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/** The answer of a fault handler, named as the kernel's trace prints it. */
public enum FaultResult {
  /** The page table was dealt with; the access is tried again. */
  NOPAGE,
  /** 0: the caller goes on, which for a store to a read-only entry means making it writable. */
  DONE,
  /** Not with 2 MiB at once: the caller tries one page. */
  FALLBACK,
  /** The private page was filled and installed. */
  DONE_COW,
  /**
   * There is a page to map, the private one or that of a hole. The fault holds the lock that keeps
   * it there, until it is mapped.
   */
  LOCKED,
  /** There is nothing behind the address, or the file system failed. */
  SIGBUS,
  /** The handler found no memory. */
  OOM;

  /** As {@code VM_FAULT_RESULT_TRACE} prints it: nothing for {@link #DONE}. */
  public String traced() {
    return this == DONE ? "" : name();
  }

  /** Returns true if the access ends in a signal. */
  public boolean isError() {
    return this == SIGBUS || this == OOM;
  }
}
