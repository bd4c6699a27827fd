// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.Arrays;

/**
 * A benchmark of the switch between tasks: one exploration with continuations and with threads, in
 * turn. It has two tasks of 20 yield points and two preemptions. Run it with the test class path
 * and {@code --add-exports java.base/jdk.internal.vm=ALL-UNNAMED}; prints the medians.
 */
final class SwitchBenchmark {
  private static final int ROUNDS = 15;

  private SwitchBenchmark() {}

  public static void main(String[] args) {
    Scenario scenario = Programs.steps(20, 20);
    Explorer continuations = Explorer.bounded(2);
    Explorer threads = continuations.with(ThreadCoroutine::new);
    double[] fast = new double[ROUNDS];
    double[] slow = new double[ROUNDS];
    for (int i = -ROUNDS; i < ROUNDS; i++) {
      double a = continuations.explore(scenario).schedulesPerSecond();
      double b = threads.explore(scenario).schedulesPerSecond();
      if (i >= 0) {
        fast[i] = a;
        slow[i] = b;
      }
    }
    report("continuations", fast);
    report("threads", slow);
  }

  private static void report(String name, double[] rates) {
    Arrays.sort(rates);
    System.out.printf(
        "%-14s %,9.0f schedules/s (%,.0f to %,.0f), %.2f us a step%n",
        name, rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1], 1e6 / rates[ROUNDS / 2] / 40);
  }
}
