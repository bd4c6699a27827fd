// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import java.util.concurrent.atomic.AtomicLong;

/** The changes of an inode that the table on the medium may lack: {@code I_DIRTY}. Thread-safe. */
final class InodeChanges {
  /** Counts the calls of {@link #mark} and {@link #markTimes}. */
  private final AtomicLong changes = new AtomicLong();

  /** The {@link #changes} at the last {@link #mark}. */
  private final AtomicLong dataChanges = new AtomicLong();

  /** The {@link #changes} that the table on the medium has; guarded by {@code I_SYNC}. */
  private volatile long written;

  /** Orders inodes by the moment at which they became dirty. */
  private static final AtomicLong MOMENTS = new AtomicLong();

  private volatile long since;

  /**
   * {@code I_LINKABLE}: a file that was made without a name may get one. Changed by its maker and
   * under {@code i_rwsem}.
   */
  volatile boolean linkable;

  /**
   * {@code I_DIRTY_PAGES}: stays until the inode is written back, though its pages may be clean
   * before.
   */
  private volatile boolean pages;

  /** {@code mark_inode_dirty}; the caller has changed the inode. */
  void mark() {
    beginUnless(isDirty());
    dataChanges.accumulateAndGet(changes.incrementAndGet(), Math::max);
  }

  /** {@code mark_inode_dirty_sync}; the caller has changed times only. */
  void markTimes() {
    beginUnless(isDirty());
    changes.incrementAndGet();
  }

  /** A page becomes dirty, which leaves the inode itself as it is. */
  void pagesDirty() {
    beginUnless(isDirty());
    pages = true;
  }

  private boolean isDirty() {
    return pages || any();
  }

  private void beginUnless(boolean dirty) {
    if (!dirty) {
      since = MOMENTS.incrementAndGet();
    }
  }

  /** {@code dirtied_when}: rises from one inode that becomes dirty to the next. */
  long since() {
    return since;
  }

  boolean any() {
    return written != changes.get();
  }

  /** {@code I_DIRTY_DATASYNC}: the table lacks something that reading the data needs. */
  boolean anyForData() {
    return written < dataChanges.get();
  }

  /** Returns a number for {@link #written}: all changes so far, which the caller stores next. */
  long count() {
    return changes.get();
  }

  /** The table has these changes, and its block is marked. Later ones leave the inode dirty. */
  void written(long stored) {
    written = stored;
  }

  /**
   * Ends {@code writeback_single_inode}.
   *
   * @param pagesDirty whether a page is dirty still: one outside of the range that was synced
   * @param order of the inodes from then on
   */
  void wroteBack(boolean pagesDirty, DirtyOrder order) {
    pages = pagesDirty;
    if (pagesDirty && order == DirtyOrder.LINUX_6_1) {
      since = MOMENTS.incrementAndGet();
    }
  }
}
