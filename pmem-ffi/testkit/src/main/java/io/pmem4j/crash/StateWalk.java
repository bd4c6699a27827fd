// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A walk through the states of pending stores. It visits all of them in Gray-code order, so that
 * mostly one atom changes between two states; or, beyond a limit, a sample. The sample has the
 * states nothing and everything, then for each unit this one alone and all but this one, and then
 * random states.
 */
final class StateWalk implements OrderedUnit.Toggle {
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
    BigInteger product = BigInteger.ONE;
    for (OrderedUnit unit : units) {
      product = product.multiply(BigInteger.valueOf(unit.states()));
    }
    this.count = product;
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
    for (int i = 0; more && i < units.size() && visited + 1 < atMost; i++) {
      fill(states, 0)[i] = units.get(i).states() - 1;
      more = visitOnce(seen, states);
      fill(states, all)[i] = 0L;
      more = more && visitOnce(seen, states);
    }
    SplittableRandom random = new SplittableRandom(seed);
    for (long tries = 0; more && visited < atMost && tries < 2 * atMost; tries++) {
      for (int i = 0; i < states.length; i++) {
        states[i] = random.nextLong(units.get(i).states());
      }
      more = visitOnce(seen, states);
    }
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
