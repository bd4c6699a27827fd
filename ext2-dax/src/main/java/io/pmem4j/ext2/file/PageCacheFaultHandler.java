// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Variation;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeLocks;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import io.pmem4j.ext2.page.FilePage;
import io.pmem4j.ext2.page.PageCache;

/**
 * The faults of a file without DAX: {@code generic_file_vm_ops}, which are {@code filemap_fault}
 * and {@code filemap_page_mkwrite}. Thread-safe.
 *
 * <p>The locks of a fault, outermost first:
 *
 * <pre>
 * mmap_lock                  by the caller
 *   invalidate_lock          shared, while the page is read; later kernels only
 *     page lock              until the page is mapped
 *
 * mmap_lock                  a store to a shared mapping, after the page is there
 *   sb_start_pagefault
 *     page lock              until the page table's entry is writable
 * </pre>
 *
 * <p>Truncation is kept out by the page lock alone. No block is allocated: that is for writing
 * back, so a store to a full file system succeeds, and fsync fails.
 */
final class PageCacheFaultHandler implements FaultHandler {
  private final Ext2Inode inode;
  private final PageCache cache;
  private final PageFilling filling;

  PageCacheFaultHandler(Ext2Inode inode, PageCache cache, Variation variation) {
    this.inode = inode;
    this.cache = cache;
    this.filling = variation.part(PageFilling.class, PageFilling.LINUX_5_10);
  }

  @Override
  public FaultResult fault(PageFault fault) {
    if (isPastEnd(fault)) {
      return FaultResult.SIGBUS;
    }
    PageCache.Locked locked;
    try (var _ = cache.holds(fault.pgoff()) ? InodeLocks.NOTHING : filling.hold(inode.locks())) {
      locked = cache.grab(fault.pgoff());
      try {
        cache.readLocked(locked.page());
      } catch (Ext2Exception e) {
        locked.close();
        fault.failed(e);
        return FaultResult.SIGBUS;
      }
    }
    // Truncation stores the size before it locks pages: seen here, or it waits for this one.
    if (isPastEnd(fault)) {
      locked.close();
      return FaultResult.SIGBUS;
    }
    fault.keepPage(locked.page().bytes(), locked.page().number(), locked.held());
    return FaultResult.LOCKED;
  }

  private boolean isPastEnd(PageFault fault) {
    return fault.pgoff() >= Math.ceilDiv(inode.size(), FilePage.BYTES);
  }

  @Override
  public FaultResult pageMkwrite(PageFault fault) {
    try (var _ = inode.locks().startPagefault()) {
      inode.times().updateTime();
      PageCache.Locked locked = cache.lockIfStill(fault.pgoff(), fault.pageNumber());
      if (locked == null) {
        return FaultResult.NOPAGE; // truncated: the access faults again
      }
      cache.dirtyLocked(locked.page());
      fault.keepPage(locked.page().bytes(), locked.page().number(), locked.held());
      return FaultResult.LOCKED;
    }
  }

  /** No entry of this file lacks a page. */
  @Override
  public FaultResult pfnMkwrite(PageFault fault) {
    return FaultResult.SIGBUS;
  }
}
