// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.pmem.PersistentMemory;

/** An open file as memory management sees it. Implementations are thread-safe. */
public interface Mappable {
  /** Returns true if the file was opened for reading. */
  boolean readable();

  /** Returns true if the file was opened for writing. */
  boolean writable();

  /** {@code S_ISREG}: offsets of regular files are signed, others are not. */
  boolean isRegular();

  /** {@code IS_APPEND}: whether stores may only follow what is there. */
  boolean appendOnly();

  /** All mappings of the file, from all address spaces. */
  MappingTree mappings();

  /** Returns the handler of faults on mappings of the file. */
  FaultHandler faultHandler();

  /** The memory whose frames the page tables of this file show. */
  PersistentMemory memory();

  /** Returns the frames of that memory that devices hold. */
  PinnedFrames pins();

  /**
   * {@code ->mmap}: a mapping now keeps the file open.
   *
   * @throws Ext2Exception EBADF if the file is closed already; ENODEV for a directory
   */
  void mapped() throws Ext2Exception;

  /** {@code mincore_page}: returns true if the page cache holds a page of the file, up to date. */
  boolean holdsPage(long index);

  /** {@code force_page_cache_readahead}: pages below the size come into the page cache. */
  default void willNeed(long firstIndex, long pages) {}

  /**
   * {@code vfs_fallocate} with FALLOC_FL_PUNCH_HOLE.
   *
   * @throws Ext2Exception EPERM, EFBIG, or EOPNOTSUPP where the file system has no fallocate
   */
  void punchHole(long firstByte, long bytes) throws Ext2Exception;

  /** {@code get_file}: one more mapping, made from one that is there, keeps the file open. */
  void mappedAgain() throws Ext2Exception;

  /** The mapping is gone; called without {@code mmap_lock}. */
  void unmapped() throws Ext2Exception;

  /** {@code vfs_fsync_range} over bytes of the file, both ends included. */
  void syncRange(long firstByte, long lastByte) throws Ext2Exception;
}
