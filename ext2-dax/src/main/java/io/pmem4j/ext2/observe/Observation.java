// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.observe;

/**
 * A fact that a step found, or a change that it made, see {@link
 * io.pmem4j.sched.Scheduler#observed}. Each constant says what its values are.
 */
public enum Observation {
  // ---- page tables

  /** An access met no page table entry. */
  NO_PTE,
  /** An access met an entry that allows it; value: block. */
  PTE_OF_BLOCK,
  /** An access met an entry that refuses it; value: block. */
  PTE_OF_BLOCK_REFUSES,
  /** An access met an entry of the zero page that allows it. */
  PTE_OF_ZERO_PAGE,
  /** An access met an entry of the zero page that refuses it. */
  PTE_OF_ZERO_PAGE_REFUSES,
  /** An access met an entry of a page of the page cache that allows it; value: number. */
  PTE_OF_PAGE,
  /** An access met an entry of a page of the page cache that refuses it; value: number. */
  PTE_OF_PAGE_REFUSES,
  /** An access met an entry of a private copy that allows it. */
  PTE_OF_COPY,
  /** An access met an entry of a private copy that refuses it. */
  PTE_OF_COPY_REFUSES,
  /** Maps a page; values: page, block. */
  MAPS_BLOCK,
  /** Maps 2 MiB; values: page, first block. */
  MAPS_HUGE,
  /** Maps the zero page; value: page. */
  MAPS_ZERO_PAGE,
  /** Maps a page of the page cache; value: page. */
  MAPS_PAGE,
  /** Maps a private copy; value: page. */
  MAPS_COPY,
  /** Removes entries; values: first page, end of the pages. */
  UNMAPS,
  /** Write-protects an entry; values: page, block. */
  WRITE_PROTECTS,
  /** Makes an entry writable; value: page. */
  MAKES_WRITABLE,
  /** The entry is no longer the one that the fault found. */
  PTE_CHANGED,

  // ---- DAX entries

  /** Locks the entry of a page; value: page. */
  LOCKS_ENTRY,
  /** A page has no entry, or has lost it; value: page. */
  NO_ENTRY,
  /** The entry of a page has a block; value: page. */
  ENTRY_OF_BLOCK,
  /** The entry of a page has no block; value: page. */
  ENTRY_OF_HOLE,

  // ---- the page cache

  /** Writes a page back; value: page. */
  WRITES_PAGE,
  /** Removes a page from the cache; value: page. */
  DROPS_PAGE,

  // ---- inodes and blocks

  /** Reads the size; value: bytes. */
  SIZE,
  /** A check reads the size, on behalf of no code of the kernel; value: bytes. */
  SIZE_FOR_CHECK,
  /** Changes the size; values: bytes before, bytes after. */
  SIZE_CHANGE,
  /** A page has a block, or gets it; values: page, block. */
  PAGE_BLOCK,
  /** A page has no block; value: page. */
  HOLE,
  /** Zeroes a new block; value: block. */
  ZEROES_BLOCK,
  /** Allocates a block; value: block. */
  TAKES_BLOCK,
  /** Frees a block; value: block. */
  FREES_BLOCK,
  /** Removes the pointer to a tree; value: block of its root. */
  DETACHES_TREE,
  /** Removes the pointer to a branch; value: block. */
  DETACHES_BRANCH,
  /** Removes the pointers of a range; values: first index, end of the indexes. */
  DETACHES_POINTERS,

  // ---- the file system as a whole

  /** Blocks until the file system is thawed. */
  BLOCKS_ON_FREEZE
}
