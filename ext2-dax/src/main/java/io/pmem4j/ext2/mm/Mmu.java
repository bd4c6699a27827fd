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

  /** Pages of a huge entry, which is 2 MiB. */
  int HUGE_PAGES = 512;

  /** Bytes of a huge entry. */
  long HUGE_BYTES = (long) HUGE_PAGES * PAGE_BYTES;

  /** The state of the PMD of 2 MiB of addresses. */
  enum Region {
    /** Nothing: {@code pmd_none}. */
    EMPTY,
    /** A table of entries for single pages, which may all be empty. */
    TABLE,
    /** One entry for all. */
    HUGE
  }

  /**
   * Shows a frame of the mapping's file: {@code vmf_insert_mixed}. An existing entry stays as it is
   * for a read; for a store it becomes writable if it shows the same frame, else it stays too, and
   * the access faults again.
   */
  void insertFrame(Vma vma, long address, long frame, boolean mkwrite);

  /**
   * Shows 512 frames of the mapping's file at the 2 MiB around an address: {@code
   * vmf_insert_pfn_pmd}. An existing huge entry is treated as {@link #insertFrame} does; where
   * there is a table, nothing changes.
   *
   * @param firstFrame a multiple of {@link #HUGE_PAGES}
   */
  void insertHuge(Vma vma, long address, long firstFrame, boolean write);

  /** Returns the state of the PMD of an address. */
  Region region(long address);

  /**
   * {@code split_huge_pmd}: takes a huge entry out. That of a file is not replaced by single ones:
   * they come back fault by fault.
   */
  void splitHuge(long address);

  /** Shows the page of zeros, read-only, unless there is an entry already. */
  void insertZero(Vma vma, long address);

  /**
   * Shows a page of the file's page cache: {@code alloc_set_pte}. Where another task has entered
   * one, nothing changes.
   *
   * @param number of the page, which tells it from others
   * @param write whether it is for a store, and is to be writable
   */
  void insertPage(Vma vma, long address, byte[] page, long number, boolean write);

  /** Shows a private page, replacing a read-only entry of the file. */
  void insertAnonymous(Vma vma, long address, byte[] page);

  /**
   * Removes the entries of a range of addresses, and huge entries that reach into it whole.
   *
   * @param evenCows also private copies, which only truncation may take away
   */
  void zap(Vma vma, long firstAddress, long endAddress, boolean evenCows);

  /**
   * Makes the entry, huge or not, read-only and clean if it shows the frame, so that the next store
   * faults.
   */
  void writeProtect(Vma vma, long address, long frame);

  /** Returns the number of entries in a range of addresses; a huge one counts once. */
  long present(long firstAddress, long endAddress);

  /** Returns the entry of an address as it is now. */
  PagemapEntry entry(long address);

  /**
   * Returns true if pages are mapped before the first access, because accesses cannot fault. Then
   * stores to writable pages are never noticed, also after {@link #writeProtect}.
   */
  default boolean isPopulated() {
    return false;
  }

  /** There may be more to show ahead; called without locks. */
  default void populate() {}
}
