// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.mm.UnreadableFrames;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The {@code address_space} of a DAX file: an entry for each index, or each aligned 512, that a
 * fault has touched, and the mappings that show it. Thread-safe.
 *
 * <p>The entry lock is what makes two faults on one index take turns. A task that waited for an
 * entry looks it up again, because the entry may have been removed while it waited.
 */
public final class DaxMapping {
  private final DaxHost host;
  private final MappingTree mappings;
  private final UnreadableFrames unreadable;
  private final FaultTrace trace;
  private final Scheduler scheduler;
  private final LockValidator validator;
  private final CachedPages cachedPages;

  /** {@code i_pages} by first index; its monitor is {@code xa_lock}, nothing waits under it. */
  private final TreeMap<Long, DaxEntry> entries = new TreeMap<>();

  private final SharedState shared;

  /** The content of the blocks; a task that copies a block loads it after the lookup. */
  private final SharedState contents;

  /** A mapping without entries. */
  public DaxMapping(
      DaxHost host,
      UnreadableFrames unreadable,
      FaultTrace trace,
      Scheduler scheduler,
      LockValidator validator,
      CachedPages.Maker pages) {
    this.host = host;
    this.unreadable = unreadable;
    this.trace = trace;
    this.scheduler = scheduler;
    this.validator = validator;
    this.shared = new SharedState(scheduler, StateKind.DAX_ENTRIES, host.ino());
    this.contents = new SharedState(scheduler, StateKind.CONTENTS, host.ino());
    this.cachedPages = pages.make(host, scheduler, validator);
    this.mappings = new MappingTree(scheduler, validator, "inode " + host.ino());
  }

  /** Returns the file behind the mapping. */
  public DaxHost host() {
    return host;
  }

  /**
   * {@code dax_direct_access}: refuses addresses outside of the memory, and frames that cannot be
   * read.
   *
   * @param length bytes; the range ends with the frame of the last one
   * @return the address
   * @throws Ext2Exception EIO
   */
  long access(long address, long length) throws Ext2Exception {
    DaxIo.checked(host, address, length);
    long first = address / DaxIo.PAGE_BYTES;
    unreadable.requireReadable(first, (address + length - 1) / DaxIo.PAGE_BYTES - first + 1);
    return address;
  }

  /** The page tables that show the file. */
  public MappingTree mappings() {
    return mappings;
  }

  SharedState contents() {
    return contents;
  }

  /** Returns the pages of the file that are not DAX entries. */
  public CachedPages cachedPages() {
    return cachedPages;
  }

  FaultTrace trace() {
    return trace;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** An entry, locked until it is closed. */
  record LockedEntry(DaxEntry entry, HeldLock held) implements AutoCloseable {
    @Override
    public void close() {
      held.close();
    }
  }

  /**
   * {@code grab_mapping_entry} for one index: its entry, locked; an EMPTY one if there was none.
   *
   * <p>An entry for 512 indexes with blocks behind it is as good. One without is in the way: it is
   * unmapped and removed.
   */
  LockedEntry grab(long index) {
    while (true) {
      shared.load();
      DaxEntry entry = at(index);
      found(index, entry);
      LockedEntry locked = lockOrMake(entry, index, false);
      if (locked == null) {
        continue;
      }
      if (!locked.entry().pmd() || locked.entry().kind() == DaxEntry.Kind.FRAME) {
        return locked;
      }
      try (locked) {
        if (locked.entry().kind() == DaxEntry.Kind.ZERO) {
          mappings.unmap(locked.entry().index(), Mmu.HUGE_PAGES, false);
        }
        shared.store();
        shared.observed(Observation.NO_ENTRY, locked.entry().index());
        remove(locked.entry());
      }
    }
  }

  /**
   * {@code grab_mapping_entry} for the 512 indexes around one; null if there are entries for single
   * ones among them, which are never joined.
   */
  @Nullable LockedEntry grabPmd(long index) {
    long first = index - index % Mmu.HUGE_PAGES;
    while (true) {
      shared.load();
      DaxEntry entry = firstIn(first, first + Mmu.HUGE_PAGES - 1);
      if (entry != null && !entry.pmd()) {
        return null;
      }
      LockedEntry locked = lockOrMake(entry, first, true);
      if (locked != null) {
        return locked;
      }
    }
  }

  /** Null if the entry went away, or another one came, while this task waited. */
  private @Nullable LockedEntry lockOrMake(@Nullable DaxEntry entry, long index, boolean pmd) {
    DaxEntry wanted = entry == null ? newEntry(index, pmd) : entry;
    HeldLock held = wanted.lock().hold();
    shared.store();
    shared.observed(Observation.LOCKS_ENTRY, index);
    if (entry == null ? putIfFree(wanted) : contains(wanted)) {
      return new LockedEntry(wanted, held);
    }
    held.close();
    return null;
  }

  private synchronized boolean putIfFree(DaxEntry entry) {
    if (firstIn(entry.index(), entry.end() - 1) != null) {
      return false;
    }
    entries.put(entry.index(), entry);
    return true;
  }

  /** The entry that an index belongs to. */
  private @Nullable DaxEntry at(long index) {
    return firstIn(index, index);
  }

  /** The first entry that reaches into a range. */
  private synchronized @Nullable DaxEntry firstIn(long firstIndex, long lastIndex) {
    Map.Entry<Long, DaxEntry> before = entries.floorEntry(firstIndex);
    if (before != null && before.getValue().end() > firstIndex) {
      return before.getValue();
    }
    Map.Entry<Long, DaxEntry> next = entries.ceilingEntry(firstIndex);
    return next != null && next.getKey() <= lastIndex ? next.getValue() : null;
  }

  /** Reports the entry that an index has. */
  private void found(long index, @Nullable DaxEntry entry) {
    shared.observed(entry == null ? Observation.NO_ENTRY : entry.observation(), index);
  }

  private synchronized void remove(DaxEntry entry) {
    entries.remove(entry.index(), entry);
  }

  /** A result of {@link #markForStore}. */
  public enum Found {
    /** No entry: who removed it takes the page table's entry away too. */
    NOTHING,
    /** An entry without a block, which has to be allocated first. */
    HOLE,
    /** A block's entry, which is tagged dirty now. */
    BLOCK
  }

  /**
   * Finds the entry of an index and tags it dirty for the {@code pfn_mkwrite} of the series. The
   * entry is unlocked again when this returns.
   */
  public Found markForStore(long index) {
    while (true) {
      shared.load();
      DaxEntry entry = at(index);
      found(index, entry);
      if (entry == null) {
        return Found.NOTHING;
      }
      try (var _ = entry.lock().hold()) {
        if (!contains(entry)) {
          continue;
        }
        if (entry.kind() != DaxEntry.Kind.FRAME) {
          return Found.HOLE;
        }
        entry.dirtyLocked();
      }
      host.markPagesDirty();
      return Found.BLOCK;
    }
  }

  /**
   * {@code dax_delete_mapping_entry} for every entry that reaches behind an index; waits for each
   * to be unlocked.
   */
  public void removeFrom(long firstIndex) {
    cachedPages.remove(firstIndex, Long.MAX_VALUE, index -> mappings.unmap(index, 1, false));
    shared.load();
    for (DaxEntry entry : range(firstIndex, Long.MAX_VALUE)) {
      try (var _ = entry.lock().hold()) {
        if (entry.kind() == DaxEntry.Kind.FRAME) {
          host.pins().truncating(entry.frame(), entry.pages());
        }
        shared.store();
        shared.observed(Observation.NO_ENTRY, entry.index());
        remove(entry);
      }
    }
  }

  /**
   * {@code invalidate_inode_pages2_range}: write(2) put blocks where page tables may show zeros.
   * Entries that are not dirty go, and then the page tables' entries; private copies stay.
   */
  public void invalidate(long firstIndex, long lastIndex) {
    cachedPages.remove(firstIndex, lastIndex, index -> mappings.unmap(index, 1, false));
    if (isEmpty()) {
      return;
    }
    shared.load();
    for (DaxEntry entry : range(firstIndex, lastIndex)) {
      try (var _ = entry.lock().hold()) {
        if (!entry.dirty()) {
          shared.store();
          shared.observed(Observation.NO_ENTRY, entry.index());
          remove(entry);
        }
      }
    }
    mappings.unmap(firstIndex, lastIndex - firstIndex + 1, false);
  }

  /** {@code truncate_pagecache}: nobody may see anything of the file from this size on. */
  public void truncate(long size) {
    long firstIndex = (size + DaxIo.PAGE_BYTES - 1) / DaxIo.PAGE_BYTES;
    mappings.unmap(firstIndex, Long.MAX_VALUE, true);
    removeFrom(firstIndex);
    // Private copies may have been made between the first unmap and here: they must go as well.
    mappings.unmap(firstIndex, Long.MAX_VALUE, true);
  }

  /** Entries that reach behind an index, unlocked ones and locked ones. */
  public int entriesFrom(long firstIndex) {
    return range(firstIndex, Long.MAX_VALUE).size() + cachedPages.countFrom(firstIndex);
  }

  synchronized boolean isEmpty() {
    return entries.isEmpty();
  }

  synchronized boolean anyDirty() {
    for (DaxEntry each : entries.values()) {
      if (each.dirty()) {
        return true;
      }
    }
    return false;
  }

  /** The entries that reach into a range in rising order, as they are now. */
  synchronized List<DaxEntry> range(long firstIndex, long lastIndex) {
    DaxEntry first = firstIn(firstIndex, lastIndex);
    return first == null
        ? List.of()
        : new ArrayList<>(entries.subMap(first.index(), true, lastIndex, true).values());
  }

  /** Returns true if the entry is still the one of its index. */
  @SuppressWarnings("ReferenceEquality") // an entry that came later is another one
  synchronized boolean contains(DaxEntry entry) {
    return entries.get(entry.index()) == entry;
  }

  private DaxEntry newEntry(long index, boolean pmd) {
    return new DaxEntry(
        index,
        pmd,
        new OrderedMutex(
            scheduler,
            validator,
            LockClass.DAX_ENTRY,
            "DAX entry " + index + " of inode " + host.ino()));
  }
}
