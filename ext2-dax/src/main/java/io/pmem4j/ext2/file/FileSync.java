// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.page.PageCache;
import io.pmem4j.ext2.page.WritebackErrors;
import io.pmem4j.ext2.volume.Volume;
import org.jspecify.annotations.Nullable;

/** Making an open file durable: {@code ext2_fsync} and sync_file_range(2). Thread-safe. */
final class FileSync {
  private static final int WAIT_BEFORE = 1;
  private static final int WRITE = 2;
  private static final int WAIT_AFTER = 4;
  private static final int WRITE_AND_WAIT = 7;

  private final Volume volume;
  private final InodeCache inodes;
  private final Ext2Inode inode;
  private final FsyncLock lock;

  /** {@code f_wb_err}; null for what has no page cache. */
  private final WritebackErrors.@Nullable View errors;

  /** Errors of the whole volume as this file is told of them: {@code f_sb_err}. */
  private final WritebackErrors.View ofVolume;

  FileSync(Volume volume, InodeCache inodes, Ext2Inode inode) {
    this.volume = volume;
    this.inodes = inodes;
    this.inode = inode;
    this.lock = volume.instrumentation().variation().part(FsyncLock.class, FsyncLock.LINUX_5_10);
    this.ofVolume = volume.writebackErrors().open();
    PageCache pages = inode.contents().pages();
    this.errors = pages == null ? null : pages.writeback().errors().open();
  }

  /** Tells this file of an error of writing back any file, at the end of syncfs(2). */
  void checkVolume() throws Ext2Exception {
    ofVolume.check();
  }

  /**
   * Makes the file durable: {@code ext2_fsync}. When data cannot be written the inode is not
   * written either.
   *
   * @param lastByte included
   * @param dataOnly whether times that changed alone are left out
   * @throws Ext2Exception what writing back fails with, or has failed with since the last time
   */
  void range(long firstByte, long lastByte, boolean dataOnly) throws Ext2Exception {
    writeBack(firstByte, lastByte);
    lock.writeOut(inodes, inode, dataOnly);
    // Data of DAX files is durable by now; what else is not has marks.
    volume.dirtyBlocks().writeOut();
  }

  /** {@code file_write_and_wait_range}: an error is told once, whoever has met it. */
  private void writeBack(long firstByte, long lastByte) throws Ext2Exception {
    WritebackErrors.View told = errors;
    try {
      inode.contents().sync(firstByte, lastByte);
    } catch (Ext2Exception e) {
      if (told != null) {
        told.skip();
      }
      throw e;
    }
    if (told != null) {
      told.check();
    }
  }

  /**
   * sync_file_range(2): of a DAX file only what waits writes back at all. Pages are written where
   * the call says so, and no metadata.
   *
   * @param how SYNC_FILE_RANGE_WAIT_BEFORE 1, WRITE 2, WAIT_AFTER 4
   * @throws Ext2Exception EINVAL, and what writing back fails with
   */
  void fileRange(long offset, long length, int how) throws Ext2Exception {
    if ((how & ~WRITE_AND_WAIT) != 0 || offset < 0 || length < 0 || offset + length < 0) {
      throw new Ext2Exception(Errno.EINVAL, "sync_file_range");
    }
    if (errors != null && (how & WAIT_BEFORE) != 0) {
      errors.check();
    }
    if (how == WRITE_AND_WAIT || (errors != null && (how & WRITE) != 0)) {
      // A failure is told once more by the next call that waits: f_wb_err stays.
      inode.contents().sync(offset, length == 0 ? Long.MAX_VALUE : offset + length - 1);
    }
    if (errors != null && (how & WAIT_AFTER) != 0) {
      errors.check();
    }
    if (how == WRITE_AND_WAIT) {
      volume.dirtyBlocks().writeOut();
    }
  }
}
