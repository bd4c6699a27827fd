// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.pmem.PersistentMemory;

/**
 * Writing back what was stored through mappings: {@code dax_writeback_mapping_range}. An entry's
 * page table entries become read-only before its block is flushed, so that a store after the flush
 * faults and marks the entry again. Thread-safe.
 */
public final class DaxWriteback {
  private final DaxMapping mapping;

  /** Writing back one file. */
  public DaxWriteback(DaxMapping mapping) {
    this.mapping = mapping;
  }

  /** {@code filemap_write_and_wait_range} of fsync: nothing at all unless an entry is dirty. */
  public void syncIfDirty(long firstByte, long lastByte) {
    if (isNeeded()) {
      range(firstByte, lastByte);
    }
  }

  /** Whether an entry is tagged dirty. */
  public boolean isNeeded() {
    return mapping.anyDirty();
  }

  /** {@code ->writepages} of sync: an event even if no entry is dirty, as long as there is one. */
  public void range(long firstByte, long lastByte) {
    if (mapping.isEmpty()) {
      return;
    }
    long ino = mapping.host().ino();
    long first = firstByte / DaxIo.PAGE_BYTES;
    long last = lastByte / DaxIo.PAGE_BYTES;
    mapping.trace().add(FaultEvent.range("dax_writeback_range", ino, first, last));
    for (DaxEntry entry : mapping.range(first, last)) {
      if (entry.dirty()) {
        one(entry);
      }
    }
    mapping.trace().add(FaultEvent.range("dax_writeback_range_done", ino, first, last));
  }

  private void one(DaxEntry entry) {
    try (var _ = entry.lock().hold()) {
      // Truncated, or written back by another task, while this one waited.
      if (!mapping.contains(entry) || !entry.dirty()) {
        return;
      }
      PersistentMemory memory = mapping.host().memory();
      boolean early = mapping.scheduler().seeded("flush-before-protect");
      if (early) {
        flush(memory, entry);
      }
      boolean staysDirty = false;
      if (!mapping.scheduler().seeded("writeback-keeps-writable")) {
        staysDirty = mapping.mappings().writeProtect(entry.index(), entry.frame());
      }
      if (!early) {
        flush(memory, entry);
      }
      if (!mapping.scheduler().seeded("untag-after-unlock")) {
        entry.dirtyLocked(staysDirty && !mapping.scheduler().seeded("host-mmu-loses-dirty"));
      }
    }
    if (mapping.scheduler().seeded("untag-after-unlock")) {
      try (var _ = entry.lock().hold()) {
        entry.dirtyLocked(false);
      }
    }
    mapping
        .trace()
        .add(
            FaultEvent.range(
                "dax_writeback_one", mapping.host().ino(), entry.index(), entry.pages()));
  }

  private static void flush(PersistentMemory memory, DaxEntry entry) {
    memory.flush(entry.frame() * DaxIo.PAGE_BYTES, entry.pages() * DaxIo.PAGE_BYTES);
  }
}
