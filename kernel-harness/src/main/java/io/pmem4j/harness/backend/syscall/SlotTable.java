// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import io.pmem4j.harness.wire.Wire;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The agent's numbers for the names of a program, the lowest free one each. */
final class SlotTable {
  private final String what;
  private final Map<String, Integer> byName = new HashMap<>();

  /** Names that one process released and another may still use: each has its own copy. */
  private final Map<String, Integer> released = new HashMap<>();

  private final BitSet taken = new BitSet(Wire.SLOTS);

  /** Slots that stay taken only because a process may still use what another has closed. */
  private final BitSet retired = new BitSet(Wire.SLOTS);

  SlotTable(String what) {
    this.what = what;
  }

  int take(String name) {
    int slot = taken.nextClearBit(0);
    if (slot >= Wire.SLOTS) {
      throw new IllegalArgumentException("more than " + Wire.SLOTS + " of " + what + " at a time");
    }
    taken.set(slot);
    byName.put(name, slot);
    return slot;
  }

  int of(String name) {
    Integer slot = byName.getOrDefault(name, released.get(name));
    if (slot == null) {
      throw new IllegalArgumentException("no " + what + " " + name);
    }
    return slot;
  }

  /** When a released slot is free in every process. */
  enum Reuse {
    /** No child exists. */
    NOW,
    /** The program released it; children may still use it. */
    AFTER_CHILDREN,
    /** A child released it; the program may still use it. */
    NEVER
  }

  /** Forgets a name, for other processes only once its slot is free. */
  int release(String name, Reuse reuse) {
    int slot = of(name);
    byName.remove(name);
    released.remove(name);
    switch (reuse) {
      case NOW -> taken.clear(slot);
      case AFTER_CHILDREN -> {
        retired.set(slot);
        released.put(name, slot);
      }
      case NEVER -> released.put(name, slot);
    }
    return slot;
  }

  /** Frees the slots that the program released; no child is left that could use them. */
  void recycle() {
    taken.andNot(retired);
    retired.clear();
    released.values().removeIf(slot -> !taken.get(slot));
  }

  /** Returns whether the table has no name. */
  boolean isEmpty() {
    return byName.isEmpty();
  }
}
