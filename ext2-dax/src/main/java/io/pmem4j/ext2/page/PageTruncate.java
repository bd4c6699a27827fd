// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Ext2Exception;
import java.util.Arrays;

/** Cutting the page cache of a file: mm/truncate.c, and {@code block_truncate_page}. */
public final class PageTruncate {
  private final PageCache cache;
  private final PageCacheHost host;
  private final BufferedIo io;

  /** Truncation of one file. */
  public PageTruncate(PageCache cache, BufferedIo io) {
    this.cache = cache;
    this.host = cache.host();
    this.io = io;
  }

  /**
   * {@code block_truncate_page}: zeroes the block of the new size from there on, if the file has
   * one; the caller holds {@code i_rwsem} exclusively.
   *
   * @throws Ext2Exception EIO
   */
  public void zeroTail(long size) throws Ext2Exception {
    int blockBytes = host.blockBytes();
    if (size % blockBytes == 0) {
      return;
    }
    try (PageCache.Locked locked = cache.grab(size / FilePage.BYTES)) {
      FilePage page = locked.page();
      int inPage = (int) (size % FilePage.BYTES);
      int start = inPage - inPage % blockBytes;
      FilePage.Buffer buffer = page.buffers()[inPage / blockBytes];
      cache.shared().store();
      if (!buffer.mapped()) {
        buffer.block = host.block(size / blockBytes, 1, false).number();
        if (!buffer.mapped()) {
          return; // a hole has nothing to zero on the device; its page is cut with the others
        }
      }
      if (!page.isUptodate() && !buffer.uptodate) {
        cache.fill(page, buffer, start);
      }
      buffer.uptodate = true;
      Arrays.fill(page.bytes(), inPage, start + blockBytes, (byte) 0);
      cache.dirtyLocked(page, buffer);
    }
  }

  /** {@code truncate_setsize} after the size has changed. */
  public void sizeChanged(long before, long now) {
    if (now > before) {
      io.sizeExtended(before, now);
    }
    cut(now);
  }

  /** {@code truncate_pagecache}: nothing of the file is seen from this size on. */
  public void cut(long size) {
    long firstIndex = Math.ceilDiv(size, FilePage.BYTES);
    cache.mappings().unmap(firstIndex, Long.MAX_VALUE, true);
    removeFrom(size);
    // Private copies may have been made between the first unmap and here: they must go as well.
    cache.mappings().unmap(firstIndex, Long.MAX_VALUE, true);
  }

  /** {@code truncate_inode_pages}: whole pages go; of the one in between the tail is zeroed. */
  public void removeFrom(long size) {
    long firstIndex = Math.ceilDiv(size, FilePage.BYTES);
    int inPage = (int) (size % FilePage.BYTES);
    if (inPage != 0) {
      try (PageCache.Locked locked = cache.findLocked(firstIndex - 1)) {
        if (locked != null) {
          zeroFromLocked(locked.page(), inPage);
        }
      }
    }
    for (FilePage page : cache.range(firstIndex, Long.MAX_VALUE)) {
      try (PageCache.Locked locked = cache.lock(page)) {
        if (locked != null) {
          cache.unmapLocked(page);
          cache.removeLocked(page);
        }
      }
    }
  }

  /**
   * {@code zero_user_segment} and {@code block_invalidatepage}: buffers behind lose their blocks.
   */
  private void zeroFromLocked(FilePage page, int inPage) {
    cache.shared().store();
    Arrays.fill(page.bytes(), inPage, FilePage.BYTES, (byte) 0);
    int blockBytes = host.blockBytes();
    for (int i = Math.ceilDiv(inPage, blockBytes); i < page.buffers().length; i++) {
      FilePage.Buffer buffer = page.buffers()[i];
      buffer.block = 0;
      buffer.dirty = false;
      buffer.isNew = false;
    }
  }

  /** {@code invalidate_mapping_pages}: clean pages of a range that no page table shows go. */
  void dropUnmapped(long firstByte, long lastByte) {
    for (FilePage page : cache.range(firstByte / FilePage.BYTES, lastByte / FilePage.BYTES)) {
      try (PageCache.Locked locked = cache.lock(page)) {
        if (locked != null
            && !page.isDirty()
            && !(cache.mappings().anyMapping()
                && cache.mappings().isShown(page.index(), page.number()))) {
          cache.removeLocked(page);
        }
      }
    }
  }

  /**
   * {@code invalidate_inode_pages2_range}: clean pages of a range go.
   *
   * @return false if one is dirty, and stays
   */
  public boolean invalidate(long firstByte, long lastByte) {
    boolean all = true;
    for (FilePage page : cache.range(firstByte / FilePage.BYTES, lastByte / FilePage.BYTES)) {
      try (PageCache.Locked locked = cache.lock(page)) {
        if (locked == null) {
          continue;
        }
        cache.unmapLocked(page);
        if (page.isDirty()) {
          all = false;
        } else {
          cache.removeLocked(page);
        }
      }
    }
    return all;
  }
}
