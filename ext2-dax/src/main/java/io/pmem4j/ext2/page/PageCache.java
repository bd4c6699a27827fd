// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The {@code address_space} of a file without DAX: its pages by index, and the mappings that show
 * them. Thread-safe.
 *
 * <p>A page is changed under its lock. A task that waited for the lock checks that the page is
 * still the file's, as truncation or reclaim may have removed it meanwhile.
 */
public final class PageCache {
  private final PageCacheHost host;
  private final MappingTree mappings;
  private final PageReclaim memory;
  private final Scheduler scheduler;
  private final LockValidator validator;
  private final PageWriteback writeback;

  /** {@code i_pages}; its monitor is {@code xa_lock}, nothing waits under it. */
  private final TreeMap<Long, FilePage> pages = new TreeMap<>();

  private final AtomicInteger dirtyPages = new AtomicInteger();
  private final SharedState shared;

  /** A cache without pages. */
  public PageCache(
      PageCacheHost host,
      MappingTree mappings,
      PageReclaim memory,
      Scheduler scheduler,
      LockValidator validator) {
    this.host = host;
    this.mappings = mappings;
    this.memory = memory;
    this.scheduler = scheduler;
    this.validator = validator;
    this.shared = new SharedState(scheduler, StateKind.PAGE_CACHE, host.ino());
    this.writeback = new PageWriteback(this);
  }

  /** A page, locked until it is closed. */
  public record Locked(FilePage page, HeldLock held) implements AutoCloseable {
    /** Unlocks the page: {@code unlock_page}. */
    @Override
    public void close() {
      held.close();
    }
  }

  PageCacheHost host() {
    return host;
  }

  MappingTree mappings() {
    return mappings;
  }

  SharedState shared() {
    return shared;
  }

  /** Returns the writing back of dirty pages. */
  public PageWriteback writeback() {
    return writeback;
  }

  /** Returns the page of an index: {@code find_get_page}. */
  @Nullable FilePage find(long index) {
    shared.load();
    FilePage page;
    synchronized (this) {
      page = pages.get(index);
    }
    if (page != null) {
      page.referenced(true);
    }
    return page;
  }

  /** {@code lock_page}: null if the page is not the file's any more. */
  @Nullable Locked lock(FilePage page) {
    HeldLock held = page.lock().hold();
    shared.load();
    if (page.isAttached()) {
      return new Locked(page, held);
    }
    held.close();
    return null;
  }

  /** Returns the page of an index, locked; makes one without contents if there is none. */
  public Locked grab(long index) {
    while (true) {
      FilePage page = find(index);
      Locked locked = page == null ? add(index) : lock(page);
      if (locked != null) {
        return locked;
      }
    }
  }

  /** {@code find_lock_page}: null if there is none. */
  @Nullable Locked findLocked(long index) {
    while (true) {
      FilePage page = find(index);
      if (page == null) {
        return null;
      }
      Locked locked = lock(page);
      if (locked != null) {
        return locked;
      }
    }
  }

  /**
   * {@code lock_page} of a page that a page table showed: null if the file has another one, or none
   * there now.
   */
  public @Nullable Locked lockIfStill(long index, long number) {
    FilePage page = find(index);
    return page == null || page.number() != number ? null : lock(page);
  }

  /** {@code add_to_page_cache_lru}: null if another task was faster. */
  private @Nullable Locked add(long index) {
    memory.makeRoom();
    OrderedMutex lock =
        new OrderedMutex(
            scheduler,
            validator,
            LockClass.PAGE_LOCK,
            "lock of page " + index + " of inode " + host.ino());
    FilePage page = new FilePage(this, index, memory.nextNumber(), host.blockBytes(), lock);
    HeldLock held = lock.hold();
    shared.store();
    boolean added;
    synchronized (this) {
      added = pages.putIfAbsent(index, page) == null;
    }
    if (!added) {
      held.close();
      return null;
    }
    page.attachedLocked(true);
    memory.add(page);
    return new Locked(page, held);
  }

  /** Returns a page whose contents are those of the file, not locked. */
  FilePage uptodate(long index) throws Ext2Exception {
    FilePage found = find(index);
    if (found != null && found.isUptodate()) {
      return found;
    }
    try (Locked locked = grab(index)) {
      readLocked(locked.page());
      return locked.page();
    }
  }

  /** {@code force_page_cache_ra}: an error is left to the access that needs the page. */
  public void readAhead(long firstIndex, long count) {
    long end = Math.min(firstIndex + count, Math.ceilDiv(host.size(), FilePage.BYTES));
    for (long index = firstIndex; index < end; index++) {
      if (find(index) == null) {
        try {
          uptodate(index);
        } catch (Ext2Exception _) {
          return;
        }
      }
    }
  }

  /**
   * {@code block_read_full_page}: what is not in the page yet is read, zeros for holes and past
   * EOF. The page is locked; nothing to do if it is up to date.
   *
   * @throws Ext2Exception EIO
   */
  public void readLocked(FilePage page) throws Ext2Exception {
    if (page.isUptodate()) {
      return;
    }
    int blockBytes = host.blockBytes();
    long endBlock = Math.ceilDiv(host.size(), blockBytes);
    long fileBlock = page.index() * (FilePage.BYTES / blockBytes);
    shared.store();
    int at = 0;
    for (FilePage.Buffer buffer : page.buffers()) {
      if (!buffer.uptodate) {
        if (!buffer.mapped() && fileBlock < endBlock) {
          buffer.block = host.block(fileBlock, 1, false).number();
        }
        fill(page, buffer, at);
      }
      fileBlock++;
      at += blockBytes;
    }
    page.uptodateLocked();
  }

  /** Makes a buffer up to date: {@code ll_rw_block} with REQ_OP_READ, or zeros for a hole. */
  void fill(FilePage page, FilePage.Buffer buffer, int at) throws Ext2Exception {
    if (buffer.mapped()) {
      host.read(buffer.block, page.bytes(), at);
    } else {
      Arrays.fill(page.bytes(), at, at + host.blockBytes(), (byte) 0);
    }
    buffer.uptodate = true;
  }

  /** {@code __set_page_dirty_buffers}: the page is locked, and so are all its buffers dirty. */
  public void dirtyLocked(FilePage page) {
    shared.store();
    for (FilePage.Buffer buffer : page.buffers()) {
      buffer.dirty = true;
    }
    pageDirtyLocked(page);
  }

  /** Marks a buffer of a locked page dirty: {@code mark_buffer_dirty}. */
  void dirtyLocked(FilePage page, FilePage.Buffer buffer) {
    buffer.dirty = true;
    pageDirtyLocked(page);
  }

  private void pageDirtyLocked(FilePage page) {
    if (!page.isDirty()) {
      host.pagesDirty();
      page.dirtyLocked(true);
      dirtyPages.incrementAndGet();
    }
  }

  /** Marks a locked page clean: {@code TestClearPageDirty}. */
  void cleanLocked(FilePage page) {
    if (page.isDirty()) {
      page.dirtyLocked(false);
      dirtyPages.decrementAndGet();
    }
  }

  /** Returns true if there is a page for an index, and all of it is the file's. */
  public boolean holds(long index) {
    shared.load();
    synchronized (this) {
      FilePage page = pages.get(index);
      return page != null && page.isUptodate();
    }
  }

  /** Returns true if a page is dirty. */
  public boolean anyDirty() {
    shared.load();
    return dirtyPages.get() != 0;
  }

  /** The dirty pages of a range of indexes in rising order, as they are now. */
  List<FilePage> dirty(long first, long last) {
    shared.load();
    synchronized (this) {
      return pages.subMap(first, true, last, true).values().stream()
          .filter(FilePage::isDirty)
          .toList();
    }
  }

  /** The pages from an index on, as they are now. */
  List<FilePage> range(long first, long last) {
    shared.load();
    synchronized (this) {
      return new ArrayList<>(pages.subMap(first, true, last, true).values());
    }
  }

  /** {@code delete_from_page_cache}: the page is locked, and not mapped any more. */
  void removeLocked(FilePage page) {
    shared.store();
    shared.observed(Observation.DROPS_PAGE, page.index());
    page.attachedLocked(false);
    cleanLocked(page);
    synchronized (this) {
      pages.remove(page.index(), page);
    }
    memory.remove(page);
  }

  /** {@code unmap_mapping_pages} of one page, which is locked; private copies stay. */
  void unmapLocked(FilePage page) {
    if (mappings.anyMapping()) {
      mappings.unmap(page.index(), 1, false);
    }
  }

  /** {@code pageout} and {@code __remove_mapping}: false if the page stays. */
  boolean reclaim(FilePage page) {
    try (Locked locked = lock(page)) {
      if (locked == null) {
        return false;
      }
      unmapLocked(page);
      if (page.isDirty()) {
        writeback.tryWriteLocked(page);
      }
      if (page.isDirty()) {
        return false;
      }
      removeLocked(page);
      return true;
    }
  }
}
