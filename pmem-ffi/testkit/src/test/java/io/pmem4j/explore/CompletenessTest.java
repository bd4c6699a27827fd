// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The schedules and states that a search reaches, against one that reduces nothing. */
@Tag("slow")
class CompletenessTest {
  private static final Explorer EVERYTHING =
      Explorer.bounded(Integer.MAX_VALUE).withMaxSchedules(60_000);

  private static long interleavings(int left, int right) {
    return left == 0 || right == 0
        ? 1
        : interleavings(left - 1, right) + interleavings(left, right - 1);
  }

  /** Without reduction every interleaving is run once: their number is a binomial coefficient. */
  @ParameterizedTest
  @CsvSource({"1,1", "2,3", "5,5", "7,4"})
  void everyInterleavingIsRunOnce(int left, int right) {
    Exploration all = EVERYTHING.explore(Programs.steps(left, right));
    assertThat(all.complete()).isTrue();
    assertThat(all.schedules()).isEqualTo(interleavings(left, right));
  }

  /** Schedules of two tasks within a bound, counted by another recursion. */
  private static long within(int bound, int left, int right, int last) {
    if (left == 0 && right == 0) {
      return 1;
    }
    long count = 0;
    if (left > 0) {
      boolean preempts = last == 1 && right > 0;
      if (!preempts || bound > 0) {
        count += within(preempts ? bound - 1 : bound, left - 1, right, 0);
      }
    }
    if (right > 0) {
      boolean preempts = last == 0 && left > 0;
      if (!preempts || bound > 0) {
        count += within(preempts ? bound - 1 : bound, left, right - 1, 1);
      }
    }
    return count;
  }

  @ParameterizedTest
  @CsvSource({"0,5,5", "1,5,5", "2,5,5", "2,20,20", "3,6,4"})
  void aBoundLeavesOutExactlyWhatPreemptsMore(int bound, int left, int right) {
    Exploration bounded = Explorer.bounded(bound).explore(Programs.steps(left, right));
    assertThat(bounded.complete()).isTrue();
    assertThat(bounded.schedules()).isEqualTo(within(bound, left, right, -1));
  }

  @Test
  void stepsThatCommuteAreRunOnce() {
    assertThat(Explorer.exhaustive().explore(Programs.steps(20, 20)).schedules()).isOne();
  }

  /** The reduction is judged by the search that reduces nothing. */
  @Test
  void reductionReachesEveryStateThatAllInterleavingsReach() {
    long reduced = 0;
    long all = 0;
    int judged = 0;
    for (long seed = 0; seed < 60; seed++) {
      int tasks = seed % 3 == 0 ? 3 : 2;
      int operations = tasks == 3 ? 2 : 4;
      Set<String> expected = new TreeSet<>();
      Exploration brute = EVERYTHING.explore(Programs.random(seed, tasks, operations, expected));
      if (!brute.complete()) {
        continue; // too large to judge by
      }
      judged++;
      Set<String> found = new TreeSet<>();
      Exploration dpor =
          Explorer.exhaustive().explore(Programs.random(seed, tasks, operations, found));
      assertThat(dpor.complete()).isTrue();
      assertThat(found).as("seed %d", seed).isEqualTo(expected);
      reduced += dpor.schedules();
      all += brute.schedules();
    }
    assertThat(judged).isGreaterThan(45);
    assertThat(reduced).as("of %d", all).isLessThan(all / 5);
  }

  /** As above, within a bound: nothing that the bounded search reaches may be missed. */
  @Test
  void boundedReductionReachesEveryStateWithinTheBound() {
    long reduced = 0;
    long all = 0;
    for (int bound = 0; bound <= 2; bound++) {
      for (long seed = 1000; seed < 1100; seed++) {
        int tasks = seed % 3 == 0 ? 3 : 2;
        Set<String> expected = new TreeSet<>();
        Exploration brute =
            Explorer.bounded(bound).explore(Programs.random(seed, tasks, 3, expected));
        Set<String> found = new TreeSet<>();
        Exploration bpor =
            Explorer.bounded(bound)
                .withReduction(true)
                .explore(Programs.random(seed, tasks, 3, found));
        assertThat(found).as("seed %d, bound %d", seed, bound).isEqualTo(expected);
        reduced += bpor.schedules();
        all += brute.schedules();
      }
    }
    assertThat(reduced).as("of %d", all).isLessThan(all);
  }
}
