// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.sched.Held;
import io.pmem4j.sched.Scheduler;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The {@code address_space} of a DAX file: an entry for each index that a fault has touched, and
 * the mappings that show it. Thread-safe.
 *
 * <p>The entry lock is what makes two faults on one index take turns. A task that waited for an
 * entry looks it up again, because the entry may have been removed while it waited.
 */
public final class DaxMapping {
  private final DaxHost host;
  private final MappingTree mappings;
  private final FaultTrace trace;
  private final Scheduler scheduler;
  private final LockValidator validator;
  private final NavigableMap<Long, DaxEntry> entries = new ConcurrentSkipListMap<>();

  /** A mapping without entries. */
  public DaxMapping(DaxHost host, FaultTrace trace, Scheduler scheduler, LockValidator validator) {
    this.host = host;
    this.trace = trace;
    this.scheduler = scheduler;
    this.validator = validator;
    this.mappings = new MappingTree(scheduler, validator, "inode " + host.ino());
  }

  /** The file. */
  public DaxHost host() {
    return host;
  }

  /** The page tables that show the file. */
  public MappingTree mappings() {
    return mappings;
  }

  FaultTrace trace() {
    return trace;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  /** An entry, locked until it is closed. */
  record LockedEntry(DaxEntry entry, Held held) implements AutoCloseable {
    @Override
    public void close() {
      held.close();
    }
  }

  /** {@code grab_mapping_entry}: the entry of an index, locked; an EMPTY one if there was none. */
  LockedEntry grab(long index) {
    while (true) {
      DaxEntry entry = entries.get(index);
      if (entry == null) {
        entry = newEntry(index);
        Held held = entry.lock().hold();
        if (entries.putIfAbsent(index, entry) == null) {
          return new LockedEntry(entry, held);
        }
        held.close();
      } else {
        Held held = entry.lock().hold();
        if (entries.get(index) == entry) {
          return new LockedEntry(entry, held);
        }
        held.close();
      }
    }
  }

  /**
   * {@code dax_delete_mapping_entry} for every entry from an index on; waits for each to be
   * unlocked.
   */
  public void removeFrom(long firstIndex) {
    for (DaxEntry entry : entries.tailMap(firstIndex, true).values()) {
      try (var _ = entry.lock().hold()) {
        entries.remove(entry.index(), entry);
      }
    }
  }

  /**
   * {@code invalidate_inode_pages2_range}: write(2) put blocks where page tables may show zeros.
   * Entries that are not dirty go, and then the page tables' entries; private copies stay.
   */
  public void invalidate(long firstIndex, long lastIndex) {
    if (entries.isEmpty()) {
      return;
    }
    for (DaxEntry entry : entries.subMap(firstIndex, true, lastIndex, true).values()) {
      try (var _ = entry.lock().hold()) {
        if (!entry.dirty()) {
          entries.remove(entry.index(), entry);
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

  /** Entries from an index on, unlocked ones and locked ones: {@code nrexceptional} of a range. */
  public int entriesFrom(long firstIndex) {
    return entries.tailMap(firstIndex, true).size();
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  boolean anyDirty() {
    return entries.values().stream().anyMatch(DaxEntry::dirty);
  }

  /** The entries of a range in rising order, as they are now. */
  Iterable<DaxEntry> range(long firstIndex, long lastIndex) {
    return entries.subMap(firstIndex, true, lastIndex, true).values();
  }

  /** Whether the entry is still the one of its index. */
  boolean contains(DaxEntry entry) {
    return entries.get(entry.index()) == entry;
  }

  private DaxEntry newEntry(long index) {
    return new DaxEntry(
        index,
        new OrderedMutex(
            scheduler,
            validator,
            LockClass.DAX_ENTRY,
            "DAX entry " + index + " of inode " + host.ino()));
  }
}
