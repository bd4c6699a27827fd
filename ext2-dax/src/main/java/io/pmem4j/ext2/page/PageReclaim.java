// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The memory for the page caches of one mount: {@code shrink_page_list} in small. Pages are looked
 * at in the order in which they came; one that was used since the last look gets another turn.
 * Clean pages go first; if there are none, dirty ones are written and go. Thread-safe.
 */
public final class PageReclaim {
  private static final int BATCH = 32;

  private final int limit;
  private final AtomicLong numbers = new AtomicLong();

  /** All pages; guarded by the monitor, under which nothing is waited for. */
  private final Set<FilePage> inactive = new LinkedHashSet<>();

  /**
   * Memory for a number of pages.
   *
   * @param limit pages, at least 1; pages in use may exceed it for a moment
   */
  public PageReclaim(int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit is " + limit + " pages, expected 1 or more");
    }
    this.limit = limit;
  }

  /** Returns the number of pages in memory. */
  public synchronized int pages() {
    return inactive.size();
  }

  long nextNumber() {
    return numbers.getAndIncrement();
  }

  synchronized void add(FilePage page) {
    inactive.add(page);
  }

  synchronized void remove(FilePage page) {
    inactive.remove(page);
  }

  private synchronized @Nullable FilePage first() {
    Iterator<FilePage> each = inactive.iterator();
    return each.hasNext() ? each.next() : null;
  }

  /** Gives a page another turn, unless it has gone. */
  private synchronized void rotate(FilePage page) {
    if (inactive.remove(page)) {
      inactive.add(page);
    }
  }

  /** Frees pages if there are too many; the caller holds no page lock. */
  void makeRoom() {
    if (pages() < limit) {
      return;
    }
    int wanted = Math.min(BATCH, limit);
    if (scan(wanted, false) == 0) {
      scan(wanted, true);
    }
  }

  /** Looks at each page twice at most, as the first look takes its reference away. */
  private int scan(int wanted, boolean dirtyToo) {
    int freed = 0;
    for (int left = 2 * pages(); left > 0 && freed < wanted; left--) {
      FilePage page = first();
      if (page == null) {
        break;
      }
      boolean goes = !page.isReferenced() && (dirtyToo || !page.isDirty());
      page.referenced(false);
      if (goes && page.cache().reclaim(page)) {
        freed++;
      } else {
        rotate(page);
      }
    }
    return freed;
  }
}
