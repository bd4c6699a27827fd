// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A choice by random priorities: the task with the highest one runs. At a few random steps the
 * running task's priority falls below all others. Let a bug need d orderings among n tasks and k
 * steps. A run meets it with a probability of at least 1 / (n k^(d-1)) ("PCT").
 */
final class RandomPriority implements Chooser {
  private final RandomGenerator random;
  private final int depth;
  private final double[] priorities = new double[Schedule.MAX_TASKS];
  private final int[] changes;
  private int lowered;

  /**
   * Draws the priorities of one run.
   *
   * @param seed decides all of it
   * @param depth number of orderings that the bug needs, from 1
   * @param length approximate number of steps in a run
   */
  RandomPriority(long seed, int depth, int length) {
    this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    this.depth = depth;
    this.changes = new int[depth - 1];
    for (int i = 0; i < priorities.length; i++) {
      priorities[i] = depth + random.nextDouble();
    }
    for (int i = 0; i < changes.length; i++) {
      changes[i] = random.nextInt(Math.max(1, length));
    }
  }

  @Override
  public int choose(Execution execution, long runnable, int last) {
    int chosen = highest(runnable);
    for (int change : changes) {
      if (change == execution.steps()) {
        priorities[chosen] = depth - 1 - lowered++;
        chosen = highest(runnable);
      }
    }
    return chosen;
  }

  private int highest(long runnable) {
    int best = -1;
    for (long rest = runnable; rest != 0; rest &= rest - 1) {
      int task = Long.numberOfTrailingZeros(rest);
      if (best < 0 || priorities[task] > priorities[best]) {
        best = task;
      }
    }
    return best;
  }
}
