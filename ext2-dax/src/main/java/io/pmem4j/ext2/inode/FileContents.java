// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.page.PageCache;
import io.pmem4j.sched.HeldLock;
import org.jspecify.annotations.Nullable;

/**
 * The operations on the contents of a file that DAX changes: {@code ext2_dax_aops} or {@code
 * ext2_aops}. An inode decides once, when it comes into memory. Thread-safe.
 */
public interface FileContents {
  /** Returns the pages of a file without DAX; null for others. */
  @Nullable PageCache pages();

  /** Returns the way of a file that is open with O_DIRECT, which DAX files are in any case. */
  FileContents direct();

  /**
   * Returns true if read(2) at a position is an access to the file; where it is not, it returns
   * before it changes the access time.
   */
  default boolean mayReach(long position) {
    return true;
  }

  /** Returns true if read(2) changes the access time. */
  default boolean readIsAccess() {
    return true;
  }

  /** Takes the lock that read(2) holds. */
  HeldLock lockToRead();

  /**
   * Reads up to the size of the file; holes read as zeros.
   *
   * @return bytes read, 0 at EOF
   * @throws Ext2Exception EFAULT or EIO when nothing was read
   */
  int read(long position, UserBuffer target) throws Ext2Exception;

  /**
   * Writes, allocating what is missing; the caller holds {@code i_rwsem} exclusively, and moves the
   * size where this has not done so.
   *
   * @return bytes written; fewer than asked when space or the buffer ran out in between
   * @throws Ext2Exception ENOSPC, EFAULT or EIO when nothing was written
   */
  int write(long position, UserBuffer source, int length) throws Ext2Exception;

  /**
   * As {@link #write}, at the size instead of the position that was asked for: O_APPEND.
   *
   * @param asked the position of the call
   */
  default int append(long asked, long size, UserBuffer source, int length) throws Ext2Exception {
    return write(size, source, length);
  }

  /**
   * Zeroes what the file has from a new size on to the end of a block or page; the caller holds
   * {@code i_rwsem} exclusively.
   *
   * @throws Ext2Exception EIO
   */
  void zeroTail(long size) throws Ext2Exception;

  /** {@code truncate_setsize}, after the size itself has changed. */
  void sizeChanged(long before, long now);

  /** {@code truncate_pagecache}: nothing past a size stays in memory. */
  void cut(long size);

  /** {@code truncate_inode_pages_final} of a file without mappings. */
  void removeAll();

  /** Returns true if something is to be written back: {@code PAGECACHE_TAG_DIRTY}. */
  boolean isDirty();

  /**
   * {@code filemap_write_and_wait_range} of fsync. Durable after the flush of the device.
   *
   * @param lastByte included
   * @throws Ext2Exception ENOSPC or EIO
   */
  void sync(long firstByte, long lastByte) throws Ext2Exception;

  /** {@code ->writepages} of sync(2), which tells nobody of errors. */
  void writeBack();
}
