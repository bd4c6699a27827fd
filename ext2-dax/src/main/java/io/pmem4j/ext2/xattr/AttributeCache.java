// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.xattr;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of attributes that were read or written since the mount, by their hash: {@code
 * mbcache}. Knows a block once; the newest comes first. Unlike in the kernel nothing is dropped for
 * want of memory. Thread-safe.
 */
final class AttributeCache {
  /** {@code c_list_lock}, held for changes only. */
  private final OrderedMutex listLock;

  private final SharedState entries;

  /** Guarded by the monitor, as a bucket is by its bit lock; nothing is waited for under it. */
  private final Map<Integer, List<Entry>> byHash = new HashMap<>();

  /** A block that can be shared; compared by identity. */
  static final class Entry {
    private final long block;
    private volatile boolean hashed = true;

    private Entry(long block) {
      this.block = block;
    }

    long block() {
      return block;
    }

    /** Returns false once the block was changed or freed. */
    boolean isHashed() {
      return hashed;
    }
  }

  AttributeCache(Scheduler scheduler, LockValidator validator) {
    this.listLock =
        new OrderedMutex(scheduler, validator, LockClass.MB_CACHE, "c_list_lock of mbcache");
    this.entries = new SharedState(scheduler, StateKind.ATTRIBUTE_CACHE);
  }

  /** {@code mb_cache_entry_create}, for a block that may be known already. */
  void insert(int hash, long block) {
    entries.store();
    synchronized (this) {
      List<Entry> same = byHash.computeIfAbsent(hash, _ -> new ArrayList<>());
      if (same.stream().anyMatch(each -> each.block == block)) {
        return;
      }
      same.addFirst(new Entry(block));
    }
    try (var _ = listLock.hold()) {
      // The list that is shrunk when memory is short is not kept here.
    }
  }

  /** {@code mb_cache_entry_delete}; the caller holds the lock of the block's buffer. */
  void delete(int hash, long block) {
    entries.store();
    synchronized (this) {
      List<Entry> same = byHash.getOrDefault(hash, List.of());
      Entry entry = same.stream().filter(each -> each.block == block).findFirst().orElse(null);
      if (entry == null) {
        return;
      }
      entry.hashed = false;
      same.remove(entry);
    }
    try (var _ = listLock.hold()) {
      // As for an insertion.
    }
  }

  /**
   * Finds a block by its hash: {@code mb_cache_entry_find_first}, {@code mb_cache_entry_find_next}.
   *
   * @param after the last one found; null, or one that is gone, to begin with the first
   */
  @Nullable Entry find(int hash, @Nullable Entry after) {
    entries.load();
    synchronized (this) {
      List<Entry> same = byHash.getOrDefault(hash, List.of());
      int next = after == null ? 0 : same.indexOf(after) + 1;
      return next < same.size() ? same.get(next) : null;
    }
  }
}
