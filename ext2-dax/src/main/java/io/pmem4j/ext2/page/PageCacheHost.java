// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;

/**
 * The file behind a page cache: {@code mapping->host}, its block map and the device below it.
 * Thread-safe.
 */
public interface PageCacheHost {
  /**
   * Blocks of a file.
   *
   * @param number of the block in the file system; 0 for a hole
   * @param count blocks that follow each other from there on, itself included; 0 for a hole
   * @param isNew whether the lookup has allocated it: {@code buffer_new}
   */
  record Block(long number, int count, boolean isNew) {
    /** Returns true if the file has no block here. */
    public boolean isHole() {
      return number == 0;
    }
  }

  /** The inode number. */
  long ino();

  /** {@code i_size_read}: bytes. */
  long size();

  /** Returns the bytes of a block: 4096 or a smaller power of two. */
  int blockBytes();

  /** Returns the first position that no file reaches, in bytes: {@code s_maxbytes}. */
  long maxBytes();

  /**
   * Looks blocks up, or allocates them: {@code ext2_get_block}.
   *
   * @param wanted how many are welcome, at least 1
   * @param create whether to allocate what is missing
   * @throws Ext2Exception ENOSPC, EIO
   */
  Block block(long fileBlock, int wanted, boolean create) throws Ext2Exception;

  /**
   * Reads a block of the device.
   *
   * @throws Ext2Exception EIO
   */
  void read(long block, byte[] target, int at) throws Ext2Exception;

  /**
   * Writes a block of the device. It is durable after the next flush of the device, which fsync and
   * sync make.
   *
   * @throws Ext2Exception EIO
   */
  void write(long block, byte[] source, int at) throws Ext2Exception;

  /** A page could not be written back, which its file remembers: {@code s_wb_err}. */
  default void writebackFailed(Errno errno) {}

  /** {@code i_size_write}; the caller holds {@code i_rwsem} exclusively. */
  void sizeLocked(long bytes);

  /** {@code ext2_write_failed}: a write up to {@code end} has left nothing past the size. */
  void writeFailed(long end) throws Ext2Exception;

  /** {@code __mark_inode_dirty(I_DIRTY_PAGES)}; called before a page becomes dirty. */
  void pagesDirty();
}
