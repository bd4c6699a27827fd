// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.crash.StoreTrace;
import io.pmem4j.crash.TraceEvent;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;

/**
 * A choice among the points of a power cut, for programs with very many: a program that fills a
 * volume has a hundred thousand fences that differ in their place alone. Operations with few points
 * keep all of them; the others share the rest of the budget. The points of such an operation are
 * its first and last one and a random one from each part of equal size between them, so that no
 * period of its stores is met or missed as a whole.
 */
final class ChosenCuts implements IntPredicate {
  private final BitSet chosen = new BitSet();
  private int offered;

  /**
   * Chooses points of a trace.
   *
   * @param budget the limit of points; an operation has one in any case
   */
  ChosenCuts(StoreTrace trace, int budget) {
    List<List<Integer>> operations = new ArrayList<>();
    operations.add(new ArrayList<>());
    List<TraceEvent> events = trace.events();
    for (int i = 0; i < events.size(); i++) {
      switch (events.get(i).kind()) {
        case BEGIN -> operations.add(new ArrayList<>());
        case DRAIN -> operations.getLast().add(i);
        default -> {}
      }
    }
    chosen.set(events.size());
    int most = most(operations, budget);
    SplittableRandom random = new SplittableRandom(1);
    operations.forEach(points -> choose(points, most, random));
  }

  /** Returns the greatest number of points an operation that keeps the sum within the budget. */
  private static int most(List<List<Integer>> operations, int budget) {
    int least = 1;
    int most = budget;
    while (least < most) {
      int middle = (least + most + 1) >>> 1;
      long sum = operations.stream().mapToLong(each -> Math.min(each.size(), middle)).sum();
      if (sum <= budget) {
        least = middle;
      } else {
        most = middle - 1;
      }
    }
    return least;
  }

  private void choose(List<Integer> points, int most, SplittableRandom random) {
    if (points.size() <= most) {
      points.forEach(chosen::set);
      return;
    }
    chosen.set(points.getLast());
    if (most > 1) {
      chosen.set(points.getFirst());
    }
    int parts = most - 2;
    for (int i = 0; i < parts; i++) {
      long from = 1 + (long) (points.size() - 2) * i / parts;
      long end = 1 + (long) (points.size() - 2) * (i + 1) / parts;
      chosen.set(points.get((int) random.nextLong(from, end)));
    }
  }

  /** Returns the number of points, chosen or not, that were asked about. */
  int offered() {
    return offered;
  }

  @Override
  public boolean test(int event) {
    offered++;
    return chosen.get(event);
  }
}
