// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

import io.pmem4j.ext2.lock.OrderedMutex;

/**
 * One entry of a DAX mapping. The kernel packs it into a word with a lock bit; here the lock is an
 * object of its own, so that the order check sees it. Fields change only under the lock.
 */
final class DaxEntry {
  /** What the entry stands for. */
  enum Kind {
    /** Made by a fault that has not decided yet, or that failed after making it. */
    EMPTY,
    /** The page of zeros, for a hole. */
    ZERO,
    /** A block. */
    FRAME
  }

  private final long index;
  private final OrderedMutex lock;
  private volatile Kind kind = Kind.EMPTY;
  private volatile long frame;

  /** PAGECACHE_TAG_DIRTY: stored to through a mapping since it was last written back. */
  private volatile boolean dirty;

  DaxEntry(long index, OrderedMutex lock) {
    this.index = index;
    this.lock = lock;
  }

  long index() {
    return index;
  }

  OrderedMutex lock() {
    return lock;
  }

  Kind kind() {
    return kind;
  }

  long frame() {
    return frame;
  }

  boolean dirty() {
    return dirty;
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

  void dirtyLocked(boolean now) {
    lock.assertHeld();
    dirty = now;
  }
}
