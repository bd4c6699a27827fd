// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * Writing back what was stored through mappings: {@code dax_writeback_mapping_range}. An entry's
 * page table entries become read-only before its block is flushed, so that a store after the flush
 * faults and tags the entry again. Thread-safe.
 *
 * <p>An entry without a tag is durable: tags go only after the drain, and only those that were
 * flushed. A second fsync that comes before the drain finds the tags and flushes for itself; a tag
 * that a store has set meanwhile stays.
 */
public final class DaxWriteback {
  private final DaxMapping mapping;

  /** An entry that was flushed, with the tag that it had before. */
  private record Flushed(DaxEntry entry, long tag) {}

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

  /** Returns true if an entry is tagged dirty. */
  public boolean isNeeded() {
    return mapping.anyDirty();
  }

  /**
   * {@code ->writepages} of sync: an event even if no entry is dirty, as long as there is one. What
   * was tagged before the call is durable when it returns.
   */
  public void range(long firstByte, long lastByte) {
    if (mapping.isEmpty()) {
      return;
    }
    long ino = mapping.host().ino();
    long first = firstByte / DaxIo.PAGE_BYTES;
    long last = lastByte / DaxIo.PAGE_BYTES;
    mapping.trace().add(FaultEvent.range("dax_writeback_range", ino, first, last));
    List<Flushed> flushed = new ArrayList<>();
    for (DaxEntry entry : mapping.range(first, last)) {
      if (entry.dirty()) {
        flush(entry, flushed);
      }
    }
    if (!flushed.isEmpty()) {
      mapping.host().memory().drain();
      flushed.forEach(each -> each.entry().cleanIf(each.tag()));
    }
    mapping.trace().add(FaultEvent.range("dax_writeback_range_done", ino, first, last));
  }

  /** {@code dax_writeback_one}; an entry that may be clean after a drain is added to the list. */
  private void flush(DaxEntry entry, List<Flushed> flushed) {
    try (var _ = entry.lock().hold()) {
      // Truncated, or written back by another task, while this one waited.
      if (!mapping.contains(entry) || !entry.dirty()) {
        return;
      }
      PersistentMemory memory = mapping.host().memory();
      boolean staysDirty = mapping.mappings().writeProtect(entry.index(), entry.frame());
      long tag = entry.tag();
      memory.flush(entry.frame() * DaxIo.PAGE_BYTES, entry.pages() * DaxIo.PAGE_BYTES);
      if (!staysDirty) {
        flushed.add(new Flushed(entry, tag));
      }
    }
    mapping
        .trace()
        .add(
            FaultEvent.range(
                "dax_writeback_one", mapping.host().ino(), entry.index(), entry.pages()));
  }
}
