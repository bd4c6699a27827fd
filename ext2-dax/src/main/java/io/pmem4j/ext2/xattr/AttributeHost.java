// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.ReservationWindow;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import org.jspecify.annotations.Nullable;

/** An inode as its attributes need it. */
public interface AttributeHost {
  /** Returns {@code xattr_sem}: readers of attributes take it shared, changes exclusively. */
  OrderedRwSemaphore xattrSem();

  /** Returns the block of the attributes, 0 if there is none: {@code i_file_acl}. */
  long attributeBlock();

  /** Sets {@code i_file_acl}; the caller holds {@link #xattrSem} exclusively. */
  void attributeBlock(long block);

  /** Returns the goal of a new block: the first block of the inode's group. */
  long attributeGoal();

  /** Returns the window that the inode's blocks are allocated from; null if it has none. */
  @Nullable ReservationWindow reservation();

  /** Adds to {@code i_blocks}, or takes from it. */
  void addSectors(long sectors);

  /** Sets {@code i_ctime} to now. */
  void attributesChanged();

  /** Returns true if each change is durable when the call returns: {@code IS_SYNC}. */
  boolean syncsWrites();

  /** Writes the inode out to the table: {@code write_inode}. */
  void writeOut() throws Ext2Exception;
}
