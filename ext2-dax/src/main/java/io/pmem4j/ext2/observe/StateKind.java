// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.observe;

/** A kind of state that tasks share, see {@link io.pmem4j.sched.SharedState#kind}. */
public enum StateKind {
  /** The field {@code i_size} of an inode. */
  I_SIZE,
  /** The array {@code i_data} of an inode and its indirect blocks. */
  BLOCK_POINTERS,
  /** The content of blocks of an inode that are allocated and not yet reachable. */
  NEW_BLOCKS,
  /** The content of the blocks of an inode. */
  CONTENTS,
  /** The DAX entries of an inode. */
  DAX_ENTRIES,
  /** The page cache of an inode, with the contents of its pages. */
  PAGE_CACHE,
  /** The page table of an address space. */
  PAGE_TABLE,
  /** The content of the frames that devices have pinned. */
  PINNED_FRAMES,
  /** The set of inodes in memory, with their numbers of users. */
  INODE_CACHE,
  /** The reservation windows of a volume. */
  RESERVATIONS,
  /** A block of extended attributes. */
  ATTRIBUTE_BLOCK,
  /** The set of blocks of extended attributes that inodes may share. */
  ATTRIBUTE_CACHE
}
