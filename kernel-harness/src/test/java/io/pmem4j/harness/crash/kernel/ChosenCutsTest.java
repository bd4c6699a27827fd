// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.crash.TraceEvent;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChosenCutsTest {
  /** Returns a trace of operations with so many drains each. */
  private static StoreTrace trace(int... drains) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(64));
    for (int count : drains) {
      memory.begin("operation");
      for (int i = 0; i < count; i++) {
        memory.drain();
      }
    }
    return memory.trace();
  }

  private static List<Integer> chosen(StoreTrace trace, int budget) {
    ChosenCuts cuts = new ChosenCuts(trace, budget);
    return IntStream.rangeClosed(0, trace.events().size())
        .filter(at ->
            at == trace.events().size() || trace.events().get(at).kind() == TraceEvent.Kind.DRAIN)
        .filter(cuts)
        .boxed()
        .toList();
  }

  @Test
  void allPointsAreTakenWithinTheBudget() {
    assertThat(chosen(trace(3, 4), 7)).containsExactly(1, 2, 3, 5, 6, 7, 8, 9);
  }

  @Test
  void operationsWithFewPointsKeepThemBesideOneWithMany() {
    List<Integer> points = chosen(trace(3, 10_000, 2), 25);
    assertThat(points).contains(1, 2, 3).contains(10_006, 10_007, 10_008);
    List<Integer> middle = points.stream().filter(at -> at > 4 && at < 10_005).toList();
    assertThat(middle).hasSize(20).startsWith(5).endsWith(10_004);
    // One from each part, so that no two are further apart than two parts.
    for (int i = 1; i < middle.size(); i++) {
      assertThat(middle.get(i) - middle.get(i - 1)).isBetween(1, 2 * 10_000 / 18 + 2);
    }
  }

  @Test
  void eachOperationHasAPointHoweverSmallTheBudget() {
    assertThat(chosen(trace(5, 5, 5), 1)).containsExactly(5, 11, 17, 18);
  }
}
