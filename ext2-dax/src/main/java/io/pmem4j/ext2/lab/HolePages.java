// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.dax.CachedPages;
import io.pmem4j.ext2.dax.DaxHost;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.page.PageLocks;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The page cache of a DAX file of Linux 4.4: a page of zeros for each hole that was loaded from. A
 * task that replaces it by a block, or truncates the file, locks the page first. No store goes to
 * it. Thread-safe.
 */
final class HolePages implements CachedPages {
  private final PageLocks locks;
  private final SharedState pages;
  private final NavigableMap<Long, Object> present = new ConcurrentSkipListMap<>();

  HolePages(DaxHost host, Scheduler scheduler, LockValidator validator) {
    this.locks = new PageLocks(scheduler, validator, "inode " + host.ino());
    this.pages = new SharedState(scheduler, LabState.HOLE_PAGES, host.ino());
  }

  /** A page, locked until it is closed. */
  public final class Locked implements AutoCloseable {
    private final long index;
    private final HeldLock lock;
    private boolean unlocked;

    private Locked(long index, HeldLock lock) {
      this.index = index;
      this.lock = lock;
    }

    /** Removes the page from the cache: {@code delete_from_page_cache}. */
    public void delete() {
      pages.store();
      present.remove(index);
    }

    /** The lock, for whoever unlocks the page later. */
    public HeldLock lock() {
      return lock;
    }

    /** {@code unlock_page}; nothing the second time. */
    @Override
    public void close() {
      if (!unlocked) {
        unlocked = true;
        lock.close();
      }
    }
  }

  /** {@code find_get_page} and {@code lock_page}: null if there is none, or it went meanwhile. */
  public @Nullable Locked find(long index) {
    pages.load();
    Object page = present.get(index);
    return page == null ? null : lock(index, page);
  }

  @SuppressWarnings("ReferenceEquality") // a page that came later is another one
  private @Nullable Locked lock(long index, Object page) {
    HeldLock lock = locks.hold(index);
    if (present.get(index) == page) {
      return new Locked(index, lock);
    }
    lock.close();
    return null;
  }

  /**
   * Returns the locked page of an index, and makes it if there is none: {@code
   * find_or_create_page}.
   */
  public Locked findOrCreate(long index) {
    while (true) {
      pages.store();
      Object page = present.computeIfAbsent(index, _ -> new Object());
      Locked locked = lock(index, page);
      if (locked != null) {
        return locked;
      }
    }
  }

  /**
   * {@code truncate_inode_pages_range}, and what write(2) does to pages it has put blocks under:
   * each page is locked, taken out of page tables, and deleted.
   *
   * @param lastIndex included
   */
  @Override
  public void remove(long firstIndex, long lastIndex, LongConsumer unmap) {
    for (long index : in(firstIndex, lastIndex)) {
      try (Locked page = find(index)) {
        if (page != null) {
          unmap.accept(index);
          page.delete();
        }
      }
    }
  }

  private List<Long> in(long firstIndex, long lastIndex) {
    if (present.isEmpty()) {
      return List.of();
    }
    pages.load();
    return new ArrayList<>(present.subMap(firstIndex, true, lastIndex, true).keySet());
  }

  @Override
  public int countFrom(long firstIndex) {
    return present.tailMap(firstIndex, true).size();
  }
}
