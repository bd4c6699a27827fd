// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.observe.Observation;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writing back the dirty pages of a file: {@code mpage_writepages} and {@code
 * block_write_full_page}. Pages are written in the order of their indexes. Holes that a mapping has
 * stored to get their blocks here, so this is where a store can meet a full file system.
 * Thread-safe.
 *
 * <p>The page's entries in page tables become read-only before it is clean: a store after that
 * faults, and makes the page dirty again.
 */
public final class PageWriteback {
  private final PageCache cache;
  private final WritebackErrors errors = new WritebackErrors();

  PageWriteback(PageCache cache) {
    this.cache = cache;
  }

  /** Returns the errors so far: {@code mapping->wb_err}. */
  public WritebackErrors errors() {
    return errors;
  }

  /**
   * {@code filemap_fdatawrite_range} and the wait for it. All pages are tried, also after an error.
   *
   * @param lastByte included
   * @throws Ext2Exception ENOSPC or EIO, the first one that a page failed with
   */
  public void range(long firstByte, long lastByte) throws Ext2Exception {
    Ext2Exception failure = null;
    for (FilePage page : cache.dirty(firstByte / FilePage.BYTES, lastByte / FilePage.BYTES)) {
      try (PageCache.Locked locked = cache.lock(page)) {
        if (locked != null && page.isDirty()) {
          Ext2Exception failed = tryWriteLocked(page);
          failure = failure == null ? failed : failure;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Writes a dirty, locked page; remembers and returns what it failed with. */
  @Nullable Ext2Exception tryWriteLocked(FilePage page) {
    clearDirtyForIoLocked(page);
    try {
      writeLocked(page);
      return null;
    } catch (Ext2Exception e) {
      errors.add(e.errno());
      cache.host().writebackFailed(e.errno());
      return e;
    }
  }

  /** Marks a page clean and its entries read-only: {@code clear_page_dirty_for_io}. */
  private void clearDirtyForIoLocked(FilePage page) {
    if (cache.mappings().anyMapping()) {
      cache.mappings().writeProtect(page.index(), page.number());
    }
    cache.shared().store();
    cache.shared().observed(Observation.WRITES_PAGE, page.index());
    cache.cleanLocked(page);
  }

  /**
   * Writes the dirty buffers of a page: {@code __block_write_full_page}. After an error the blocks
   * that the page has got are written all the same, so that they show nothing of their last owner;
   * what has none is lost.
   */
  private void writeLocked(FilePage page) throws Ext2Exception {
    PageCacheHost host = cache.host();
    int blockBytes = host.blockBytes();
    long size = host.size();
    long start = page.index() * FilePage.BYTES;
    if (start >= size) {
      return; // past EOF: truncation, which waits for the lock, removes it
    }
    if (size - start < FilePage.BYTES) {
      Arrays.fill(page.bytes(), (int) (size - start), FilePage.BYTES, (byte) 0);
    }
    Ext2Exception failure = allocateLocked(page, Math.ceilDiv(size, blockBytes));
    int at = 0;
    for (FilePage.Buffer buffer : page.buffers()) {
      if (buffer.dirty && buffer.mapped()) {
        host.write(buffer.block, page.bytes(), at);
      }
      buffer.dirty = false;
      at += blockBytes;
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Allocates what dirty buffers below EOF lack, up to the first failure, which it returns. */
  private @Nullable Ext2Exception allocateLocked(FilePage page, long endBlock) {
    long fileBlock = page.index() * page.buffers().length;
    for (FilePage.Buffer buffer : page.buffers()) {
      if (fileBlock >= endBlock) {
        buffer.dirty = false;
        buffer.uptodate = true;
      } else if (buffer.dirty && !buffer.mapped()) {
        try {
          buffer.block = cache.host().block(fileBlock, 1, true).number();
        } catch (Ext2Exception e) {
          return e;
        }
      }
      fileBlock++;
    }
    return null;
  }
}
