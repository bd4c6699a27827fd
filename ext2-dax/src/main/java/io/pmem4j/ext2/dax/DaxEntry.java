// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.mm.Mmu;
import io.pmem4j.ext2.observe.Observation;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One entry of a DAX mapping, for one index or for 512 from an aligned one on. The kernel packs it
 * into a word with a lock bit; here the lock is an object of its own, so that the order check sees
 * it. Fields change only under the lock, but for the removal of the tag.
 */
final class DaxEntry {
  /** The state of the index that the entry is for. */
  enum Kind {
    /** Made by a fault that has not decided yet, or that failed after making it. */
    EMPTY,
    /** The page of zeros, for a hole. */
    ZERO,
    /** The index has a block. */
    FRAME
  }

  private final long index;
  private final boolean pmd;
  private final OrderedMutex lock;
  private volatile Kind kind = Kind.EMPTY;
  private volatile long frame;

  /**
   * PAGECACHE_TAG_DIRTY: the number of the last tag, 0 if what was stored through mappings is
   * durable.
   */
  private final AtomicLong tag = new AtomicLong();

  /** Counts the times that the entry was tagged; changes under the lock. */
  private long tags;

  DaxEntry(long index, boolean pmd, OrderedMutex lock) {
    this.index = index;
    this.pmd = pmd;
    this.lock = lock;
  }

  /** The first index. */
  long index() {
    return index;
  }

  /** Returns true for an entry of 512 indexes: DAX_PMD. */
  boolean pmd() {
    return pmd;
  }

  /** Returns the number of indexes that the entry is for. */
  long pages() {
    return pmd ? Mmu.HUGE_PAGES : 1;
  }

  /** The first index behind it. */
  long end() {
    return index + pages();
  }

  /** Returns what a lookup reports that found this entry. */
  Observation observation() {
    return kind == Kind.FRAME ? Observation.ENTRY_OF_BLOCK : Observation.ENTRY_OF_HOLE;
  }

  OrderedMutex lock() {
    return lock;
  }

  Kind kind() {
    return kind;
  }

  /** The block of the first index. */
  long frame() {
    return frame;
  }

  boolean dirty() {
    return tag.get() != 0;
  }

  /** Returns the number of the tag, for {@link #cleanIf}; 0 for a clean entry. */
  long tag() {
    return tag.get();
  }

  /** Removes a tag whose stores are durable, unless the entry was tagged again. */
  void cleanIf(long durable) {
    tag.compareAndSet(durable, 0);
  }

  void becomeZeroLocked() {
    lock.assertHeld();
    kind = Kind.ZERO;
  }

  void becomeFrameLocked(long newFrame) {
    lock.assertHeld();
    frame = newFrame;
    kind = Kind.FRAME;
  }

  void dirtyLocked() {
    lock.assertHeld();
    tag.set(++tags);
  }
}
