// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;

/** An aligned word of 8 bytes that has pending atoms. */
final class PendingWord {
  final int index;

  /** The value that is on the medium in any case. */
  long base;

  /** The pending atoms in the order of their stores. */
  final List<Atom> atoms = new ArrayList<>();

  PendingWord(int index, long base) {
    this.index = index;
    this.base = base;
  }

  /** Returns the value with the chosen atoms. */
  long value() {
    long value = base;
    for (int i = 0; i < atoms.size(); i++) {
      Atom atom = atoms.get(i);
      if (atom.chosen) {
        value = atom.applyTo(value);
      }
    }
    return value;
  }

  /** Makes an atom a part of the base. Older atoms lose the bytes that it has. */
  void settle(Atom durable) {
    base = durable.applyTo(base);
    for (int i = 0; i < atoms.size(); i++) {
      Atom other = atoms.get(i);
      if (other == durable) {
        atoms.remove(i);
        return;
      }
      other.mask &= ~durable.mask;
    }
  }
}
