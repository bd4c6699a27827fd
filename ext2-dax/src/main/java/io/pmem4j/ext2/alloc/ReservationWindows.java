// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.alloc.ReservationWindow.Range;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The reservation windows of a volume, in the order of their blocks: {@code s_rsv_window_root}. No
 * two overlap. Thread-safe: {@code s_rsv_window_lock} guards the tree and the ranges. No bitmap is
 * read under it.
 */
final class ReservationWindows {
  /** No free block. */
  static final long FULL = -1;

  private final OrderedMutex lock;
  private final SharedState tree;
  private final TreeMap<Long, ReservationWindow> byFirstBlock = new TreeMap<>();

  /**
   * No windows yet.
   *
   * @param lock {@code s_rsv_window_lock}
   */
  ReservationWindows(Scheduler scheduler, OrderedMutex lock) {
    this.lock = lock;
    this.tree = new SharedState(scheduler, StateKind.RESERVATIONS);
  }

  /**
   * {@code alloc_new_reservation}: gives a window new blocks within a group, the first gap of its
   * size that begins at or after a block and has a free one. A gap of that size may reach into the
   * next group.
   *
   * @param from where the search begins
   * @param groupLast the last block of the group
   * @param firstFree returns the first free block of the group at or after a block, or {@link
   *     #FULL}
   * @return the blocks, one of them free; an empty range if the group has none, and then the window
   *     is empty too, but for one that goes on in the next group
   */
  Range reserve(ReservationWindow window, long from, long groupLast, LongUnaryOperator firstFree) {
    Range old = window.range();
    if (!old.isEmpty()) {
      if (old.first() <= groupLast && old.last() > groupLast && from >= old.first()) {
        // Its other part is for the next group.
        return Range.NONE;
      }
      window.growIfUsed();
    }
    Range start = null;
    long at = from;
    while (true) {
      Range found;
      try (var _ = lock.hold()) {
        found = placeLocked(window, start == null ? before(at) : start, at, groupLast);
        if (found.isEmpty()) {
          removeLocked(window);
          return found;
        }
      }
      long free = firstFree.applyAsLong(found.first());
      if (free == FULL) {
        discard(window);
        return Range.NONE;
      }
      if (found.contains(free)) {
        return found;
      }
      at = free;
      start = found;
    }
  }

  /** {@code search_reserve_window}: the window that contains a block, or the last one before it. */
  private Range before(long block) {
    Map.Entry<Long, ReservationWindow> entry = byFirstBlock.floorEntry(block);
    return entry == null ? Range.NONE : entry.getValue().range();
  }

  /**
   * {@code find_next_reservable_window}: moves a window to the first gap that is large enough.
   *
   * @param start a window at or before {@code from}
   * @param from the first block that the gap may have
   * @param last the last block that the window may begin with
   */
  private Range placeLocked(ReservationWindow window, Range start, long from, long last) {
    tree.load();
    int blocks = window.goalBlocks();
    long first = from;
    Range each = start;
    ReservationWindow next;
    while (true) {
      first = Math.max(first, each.last() + 1);
      if (first > last) {
        return Range.NONE;
      }
      next = after(each);
      if (next == null || first + blocks <= next.range().first()) {
        break;
      }
      each = next.range();
    }
    tree.store();
    removeLocked(window);
    window.moveTo(new Range(first, first + blocks - 1));
    requireApart(window.range(), byFirstBlock.put(first, window));
    return window.range();
  }

  /** {@code rsv_window_dump}: a kernel whose windows overlap ends. */
  private void requireApart(Range range, @Nullable ReservationWindow there) {
    Map.Entry<Long, ReservationWindow> before = byFirstBlock.lowerEntry(range.first());
    ReservationWindow next = after(range);
    if (there != null
        || (before != null && before.getValue().range().last() >= range.first())
        || (next != null && next.range().first() <= range.last())) {
      throw new IllegalStateException("windows overlap: " + byFirstBlock.values());
    }
  }

  private @Nullable ReservationWindow after(Range range) {
    Map.Entry<Long, ReservationWindow> entry = byFirstBlock.higherEntry(range.first());
    return entry == null ? null : entry.getValue();
  }

  /**
   * {@code try_to_extend_reservation}: appends blocks, as many as the next window leaves; none if
   * another task holds the lock.
   */
  void extend(ReservationWindow window, long blocks) {
    HeldLock held = lock.tryHold();
    if (held == null) {
      return;
    }
    try (held) {
      Range now = window.range();
      ReservationWindow next = after(now);
      if (!now.isEmpty()) {
        long last = now.last() + blocks;
        window.extendTo(next == null ? last : Math.min(last, next.range().first() - 1));
      }
    }
  }

  /** {@code ext2_discard_reservation}: the window has no blocks any more. */
  void discard(ReservationWindow window) {
    if (!window.range().isEmpty()) {
      try (var _ = lock.hold()) {
        removeLocked(window);
      }
    }
  }

  private void removeLocked(ReservationWindow window) {
    if (!window.range().isEmpty()) {
      byFirstBlock.remove(window.range().first());
      window.moveTo(Range.NONE);
    }
  }
}
