// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The free slots of a store: a stack for each part of the slots, so that threads which meet at one
 * go to another. Slots of different parts lie apart, so that their threads share no cache lines. A
 * slot goes back to its part; the last one freed is the next one used, while the caches have it. A
 * single thread gets the slots in ascending order. Thread-safe, and no thread waits for another.
 */
final class FreeSlots {
  /** A power of two. */
  private static final int MOST_STACKS = 16;

  /** Smaller parts would share cache lines with their neighbours. */
  private static final int LEAST_SLOTS = 64;

  private static final int NONE = -1;

  /** Words between the heads: processors fetch lines in pairs. */
  private static final int PAD = 16;

  /** The part at which a thread begins; it moves on where it meets another thread. */
  private static final ThreadLocal<int[]> PART = ThreadLocal.withInitial(() -> new int[1]);

  private final int parts;
  private final int slotsOfPart;

  /** For each part the number of changes, 32 bits, and the slot on top plus one. */
  private final AtomicLongArray heads;

  /** The slot below each slot that is on a stack, plus one. */
  private final AtomicIntegerArray below;

  /** Makes empty stacks. */
  FreeSlots(int slots) {
    int wanted = Integer.highestOneBit(Math.max(1, slots / LEAST_SLOTS));
    this.parts = Math.min(MOST_STACKS, wanted);
    this.slotsOfPart = -Math.floorDiv(-slots, parts);
    this.heads = new AtomicLongArray((parts + 1) * PAD);
    this.below = new AtomicIntegerArray(slots);
  }

  private static int head(int part) {
    return (part + 1) * PAD;
  }

  /** Adds a slot. */
  void add(int slot) {
    int head = head(slot / slotsOfPart);
    while (true) {
      long before = heads.get(head);
      below.setPlain(slot, (int) before);
      if (heads.weakCompareAndSetVolatile(head, before, changed(before, slot + 1))) {
        return;
      }
    }
  }

  private static long changed(long head, int top) {
    return ((head >>> 32) + 1) << 32 | top;
  }

  /** Takes a slot; returns -1 if at some moment of the call there was none. */
  int poll() {
    int[] start = PART.get();
    while (true) {
      long changes = 0;
      for (int i = 0; i < parts; i++) {
        int part = (start[0] + i) & (parts - 1);
        long found = heads.get(head(part));
        while ((int) found != 0) {
          int slot = (int) found - 1;
          // If another thread takes the slot first, this is of another time, and the head differs.
          int next = below.getPlain(slot);
          if (heads.compareAndSet(head(part), found, changed(found, next))) {
            return slot;
          }
          if (i == 0 && parts > 1) {
            start[0]++; // another thread is at this part
            break;
          }
          found = heads.get(head(part));
        }
        changes += found >>> 32;
      }
      // Each stack was empty once; all were at the same time if none has changed since.
      for (int part = 0; part < parts; part++) {
        changes -= heads.get(head(part)) >>> 32;
      }
      if (changes == 0) {
        return NONE;
      }
    }
  }
}
