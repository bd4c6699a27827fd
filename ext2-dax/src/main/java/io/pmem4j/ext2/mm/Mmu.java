// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The page table of an address space as fault handlers and the reverse map change it. Every method
 * is atomic with respect to the others and to accesses: an access has either finished before a zap
 * returns or faults after it, which is what a TLB shoot-down gives.
 */
public interface Mmu {
  /** Bytes of a page; the block size of every file system that can be mapped. */
  int PAGE_BYTES = 4096;

  /**
   * Shows a frame of the mapping's file: {@code vmf_insert_mixed}. An existing entry stays as it is
   * for a read; for a store it becomes writable if it shows the same frame, else it stays too, and
   * the access faults again.
   */
  void insertFrame(Vma vma, long address, long frame, boolean mkwrite);

  /** Shows the page of zeros, read-only, unless there is an entry already. */
  void insertZero(Vma vma, long address);

  /** Shows a private page, replacing a read-only entry of the file. */
  void insertAnonymous(Vma vma, long address, byte[] page);

  /**
   * Removes the entries of a range of addresses.
   *
   * @param evenCows also private copies, which only truncation may take away
   */
  void zap(Vma vma, long firstAddress, long endAddress, boolean evenCows);

  /** Makes the entry read-only and clean if it shows the frame, so that the next store faults. */
  void writeProtect(Vma vma, long address, long frame);

  /** How many entries there are in a range of addresses. */
  long present(long firstAddress, long endAddress);

  /** What is at the address now. */
  PagemapEntry entry(long address);
}
