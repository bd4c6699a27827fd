// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * A walk through the states of pending stores. It visits all of them in Gray-code order, so that
 * mostly one atom changes between two states; or, beyond a limit, a sample. The sample has the
 * states nothing and everything, then for each page this one alone and all but this one, then the
 * same for each unit, and then random states. If there is no room for all units, a random choice of
 * them takes half of the rest, because words around the caches are many and lie side by side.
 */
final class StateWalk implements OrderedUnit.Toggle {
  private static final int WORDS_OF_A_PAGE = 512;

  private final long[] image;
  private final List<OrderedUnit> units;
  private final BigInteger count;
  private final Visitor visitor;
  private long visited;

  /** Called in each state, which the image holds. */
  @FunctionalInterface
  interface Visitor {
    /** Returns true to go on. */
    boolean visit();
  }

  StateWalk(PendingStores pending, long[] image, Visitor visitor) {
    this.image = image;
    this.units = pending.freeze();
    this.visitor = visitor;
    this.count = count(units);
  }

  /** Returns the number of states of units. Many have as many states as others. */
  static BigInteger count(List<OrderedUnit> units) {
    Map<Long, Integer> factors = new HashMap<>();
    units.forEach(unit -> factors.merge(unit.states(), 1, Integer::sum));
    BigInteger product = BigInteger.ONE;
    for (Map.Entry<Long, Integer> each : factors.entrySet()) {
      product = product.multiply(BigInteger.valueOf(each.getKey()).pow(each.getValue()));
    }
    return product;
  }

  /** Returns the number of states. */
  BigInteger count() {
    return count;
  }

  /** Returns the number of visits. */
  long visited() {
    return visited;
  }

  @Override
  public void toggled(Atom atom) {
    image[atom.word.index] = atom.word.value();
  }

  /**
   * Visits all states, or a sample of about {@code atMost} if there are more. Leaves the image as
   * it was.
   */
  void run(long atMost, long seed) {
    try {
      if (count.compareTo(BigInteger.valueOf(atMost)) <= 0) {
        visitAll();
      } else {
        visitSample(atMost, seed);
      }
    } finally {
      chooseAll(0);
    }
  }

  private boolean visit() {
    visited++;
    return visitor.visit();
  }

  private void visitAll() {
    int size = units.size();
    long[] states = new long[size];
    boolean[] down = new boolean[size];
    while (visit()) {
      int unit = 0;
      while (unit < size && isAtEnd(units.get(unit), states[unit], down[unit])) {
        down[unit] ^= true;
        unit++;
      }
      if (unit == size) {
        return;
      }
      states[unit] += down[unit] ? -1 : 1;
      units.get(unit).choose(states[unit], this);
    }
  }

  private static boolean isAtEnd(OrderedUnit unit, long state, boolean down) {
    return state == (down ? 0 : unit.states() - 1);
  }

  private void chooseAll(long state) {
    for (OrderedUnit unit : units) {
      unit.choose(Math.min(state, unit.states() - 1), this);
    }
  }

  private void visitSample(long atMost, long seed) {
    Set<List<Long>> seen = new HashSet<>();
    long all = Long.MAX_VALUE;
    Long[] states = new Long[units.size()];
    boolean more = visitOnce(seen, fill(states, 0)) && visitOnce(seen, fill(states, all));
    SplittableRandom random = new SplittableRandom(seed);
    for (List<Integer> page : pages()) {
      more = more && visitGroup(seen, states, page, atMost);
    }
    boolean fits = visited + 2L * units.size() <= atMost;
    long until = fits ? atMost : visited + (atMost - visited) / 2;
    for (int i : order(random, fits)) {
      more = more && visitGroup(seen, states, List.of(i), until);
    }
    for (long tries = 0; more && visited < atMost && tries < 2 * atMost; tries++) {
      for (int i = 0; i < states.length; i++) {
        states[i] = random.nextLong(units.get(i).states());
      }
      more = visitOnce(seen, states);
    }
  }

  /** Visits the state of these units alone, and that of all others. */
  private boolean visitGroup(Set<List<Long>> seen, Long[] states, List<Integer> group, long until) {
    if (visited + 1 >= until) {
      return true;
    }
    fill(states, 0);
    group.forEach(i -> states[i] = units.get(i).states() - 1);
    if (!visitOnce(seen, states)) {
      return false;
    }
    fill(states, Long.MAX_VALUE);
    group.forEach(i -> states[i] = 0L);
    return visitOnce(seen, states);
  }

  /** Returns the units by the page that they begin in; none if each unit has a page of its own. */
  private Collection<List<Integer>> pages() {
    Map<Integer, List<Integer>> pages = new TreeMap<>();
    for (int i = 0; i < units.size(); i++) {
      int page = units.get(i).atoms.getFirst().word.index / WORDS_OF_A_PAGE;
      pages.computeIfAbsent(page, _ -> new ArrayList<>()).add(i);
    }
    return pages.size() == units.size() ? List.of() : pages.values();
  }

  private List<Integer> order(SplittableRandom random, boolean inOrder) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < units.size(); i++) {
      order.add(inOrder ? order.size() : random.nextInt(order.size() + 1), i);
    }
    return order;
  }

  private Long[] fill(Long[] states, long value) {
    for (int i = 0; i < states.length; i++) {
      states[i] = Math.min(value, units.get(i).states() - 1);
    }
    return states;
  }

  private boolean visitOnce(Set<List<Long>> seen, Long[] states) {
    if (!seen.add(List.of(states))) {
      return true;
    }
    for (int i = 0; i < states.length; i++) {
      units.get(i).choose(states[i], this);
    }
    return visit();
  }
}
