// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.ArrayList;
import java.util.List;

/**
 * Pending atoms that become durable batch by batch: a cache line, a sector, or one word stored
 * around the caches. Units are independent of each other. A state is a number from 0, nothing of it
 * is durable, to {@link #states} - 1.
 */
final class OrderedUnit {
  /** The place among the units of one moment. */
  final long key;

  /** The atoms in the order of their stores. */
  final List<Atom> atoms = new ArrayList<>();

  /** True for a word that was stored around the caches. */
  final boolean bypass;

  /** True for a word of a file system, which only a sync of its own makes durable. */
  final boolean metadata;

  private List<List<AtomGroup>> batches = List.of();
  private long[] firstStates = {};
  private long states;

  OrderedUnit(long key, boolean bypass, boolean metadata) {
    this.key = key;
    this.bypass = bypass;
    this.metadata = metadata;
  }

  /** Computes the states, once before an enumeration. */
  void freeze() {
    batches = new ArrayList<>();
    for (int i = 0; i < atoms.size(); ) {
      int end = i;
      while (end < atoms.size() && atoms.get(end).batch == atoms.get(i).batch) {
        end++;
      }
      batches.add(groups(atoms.subList(i, end)));
      i = end;
    }
    firstStates = new long[batches.size()];
    states = 1;
    for (int i = 0; i < firstStates.length; i++) {
      firstStates[i] = states;
      states = saturated(states, batchStates(batches.get(i)) - 1);
    }
  }

  private static List<AtomGroup> groups(List<Atom> batch) {
    List<List<Atom>> byWord = new ArrayList<>();
    for (Atom atom : batch) {
      List<Atom> same = null;
      for (List<Atom> other : byWord) {
        if (other.get(0).word == atom.word) {
          same = other;
        }
      }
      if (same == null) {
        same = new ArrayList<>();
        byWord.add(same);
      }
      same.add(atom);
    }
    return byWord.stream().map(AtomGroup::new).toList();
  }

  private static long batchStates(List<AtomGroup> groups) {
    long product = 1;
    for (AtomGroup group : groups) {
      product =
          product > Long.MAX_VALUE / 2 / group.states()
              ? Long.MAX_VALUE / 2
              : product * group.states();
    }
    return product;
  }

  private static long saturated(long one, long other) {
    return Math.min(Long.MAX_VALUE / 2, one + other);
  }

  /** Returns the number of states; Long.MAX_VALUE / 2 stands for more. */
  long states() {
    return states;
  }

  /** Chooses the atoms of a state; calls back for each atom that changes. */
  void choose(long state, Toggle toggle) {
    for (int i = 0; i < firstStates.length; i++) {
      long inBatch = state - firstStates[i] + 1;
      List<AtomGroup> groups = batches.get(i);
      if (inBatch <= 0) {
        chooseAll(groups, false, toggle);
      } else if (i + 1 < firstStates.length && state >= firstStates[i + 1]) {
        chooseAll(groups, true, toggle);
      } else {
        chooseDigits(groups, inBatch, toggle);
      }
    }
  }

  private static void chooseAll(List<AtomGroup> groups, boolean wanted, Toggle toggle) {
    for (int g = 0; g < groups.size(); g++) {
      List<Atom> atoms = groups.get(g).atoms;
      for (int a = 0; a < atoms.size(); a++) {
        set(atoms.get(a), wanted, toggle);
      }
    }
  }

  /** Spells the number in a reflected mixed-radix Gray code: neighbours differ in one digit. */
  private static void chooseDigits(List<AtomGroup> groups, long number, Toggle toggle) {
    long weight = batchStates(groups);
    long above = 0;
    for (int g = 0; g < groups.size(); g++) {
      AtomGroup group = groups.get(g);
      weight = Math.max(1, weight / group.states()); // 1 beyond what a long can number
      int digit = (int) (number / weight % group.states());
      int state = (above & 1) != 0 ? group.states() - 1 - digit : digit;
      above = number / weight;
      for (int a = 0; a < group.atoms.size(); a++) {
        set(group.atoms.get(a), group.contains(state, a), toggle);
      }
    }
  }

  private static void set(Atom atom, boolean wanted, Toggle toggle) {
    if (atom.chosen != wanted) {
      atom.chosen = wanted;
      toggle.toggled(atom);
    }
  }

  /** Called for an atom that has been chosen or dropped. */
  @FunctionalInterface
  interface Toggle {
    void toggled(Atom atom);
  }
}
