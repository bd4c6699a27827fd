// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.page;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The page locks of one file, by page index. A page lock is taken by whoever changes the page; it
 * is outside {@code truncate_mutex}, because a change may have to allocate the page's block.
 * Thread-safe.
 */
public final class PageLocks {
  private final Scheduler scheduler;
  private final LockValidator validator;
  private final String owner;
  private final Map<Long, OrderedMutex> locks = new ConcurrentHashMap<>();

  /** No page is locked. */
  public PageLocks(Scheduler scheduler, LockValidator validator, String owner) {
    this.scheduler = scheduler;
    this.validator = validator;
    this.owner = owner;
  }

  /** Locks the page of an index: {@code lock_page}. */
  public HeldLock hold(long index) {
    return locks
        .computeIfAbsent(
            index,
            each ->
                new OrderedMutex(
                    scheduler,
                    validator,
                    LockClass.PAGE_LOCK,
                    "lock of page " + each + " of " + owner))
        .hold();
  }
}
