// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The atoms of one batch in one word. Stores that overlap keep their order, as any stores of one
 * thread to one address do; others are in none. A state of the group is a subset of its atoms.
 */
final class AtomGroup {
  /** The limit of atoms whose subsets are listed. */
  private static final int LISTED = 12;

  final List<Atom> atoms;

  /** The possible subsets, none first and all last; null if they are the prefixes. */
  private final int @Nullable [] subsets;

  AtomGroup(List<Atom> atoms) {
    this.atoms = atoms;
    this.subsets = isChain(atoms) || atoms.size() > LISTED ? null : subsets(atoms);
  }

  private static boolean isChain(List<Atom> atoms) {
    for (int i = 1; i < atoms.size(); i++) {
      if (!atoms.get(i - 1).overlaps(atoms.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static int[] subsets(List<Atom> atoms) {
    int size = atoms.size();
    int[] before = new int[size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        if (atoms.get(i).overlaps(atoms.get(j))) {
          before[i] |= 1 << j;
        }
      }
    }
    List<Integer> closed = new ArrayList<>();
    int full = (1 << size) - 1;
    for (int n = 0; n <= full; n++) {
      int gray = n ^ n >> 1;
      if (gray != full && isClosed(gray, before)) {
        closed.add(gray);
      }
    }
    closed.add(full);
    return closed.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean isClosed(int set, int[] before) {
    for (int i = 0; i < before.length; i++) {
      if ((set & 1 << i) != 0 && (set & before[i]) != before[i]) {
        return false;
      }
    }
    return true;
  }

  /** Returns the number of states. */
  int states() {
    return subsets == null ? atoms.size() + 1 : subsets.length;
  }

  /** Returns true if the state, 0 for none, contains the atom of this index. */
  boolean contains(int state, int atom) {
    return subsets == null ? atom < state : (subsets[state] & 1 << atom) != 0;
  }
}
