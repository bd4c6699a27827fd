// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import io.pmem4j.harness.guest.Wire;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** The agent's numbers for the names of a program, the lowest free one each. */
final class Slots {
  private final String what;
  private final Map<String, Integer> byName = new HashMap<>();
  private final BitSet taken = new BitSet(Wire.SLOTS);

  /** Taken only because a process may still use what another has closed. */
  private final BitSet retired = new BitSet(Wire.SLOTS);

  Slots(String what) {
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
    Integer slot = byName.get(name);
    if (slot == null) {
      throw new IllegalArgumentException("no " + what + " " + name);
    }
    return slot;
  }

  /**
   * Forgets a name.
   *
   * @param reuse whether the slot is free in every process: a child may still use what its parent
   *     has closed
   */
  int release(String name, boolean reuse) {
    int slot = of(name);
    byName.remove(name);
    (reuse ? taken : retired).set(slot, !reuse);
    return slot;
  }

  /** Frees what was released without reuse: no child is left that could use it. */
  void recycle() {
    taken.andNot(retired);
    retired.clear();
  }

  /** Returns whether no name is known. */
  boolean isEmpty() {
    return byName.isEmpty();
  }
}
