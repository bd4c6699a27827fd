// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MappingBudgetTest {
  @Test
  void othersKeepTheirPart() throws Exception {
    AtomicLong mappings = new AtomicLong(1000);
    MappingBudget budget = new MappingBudget(65_530, mappings::get);
    int taken = 0;
    try {
      while (true) {
        budget.reserve();
        mappings.addAndGet(2);
        taken++;
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("no more than 61435");
    }
    assertThat(mappings.get()).isBetween(61_430L, 61_435L);
    assertThat(taken).isEqualTo((61_435 - 1000) / 2);
    assertThatExceptionOfType(IOException.class).isThrownBy(budget::reserve);
    mappings.set(30_000);
    budget.reserve();
  }

  @Test
  void thisProcessHasABudget() throws Exception {
    MappingBudget.process().reserve();
  }

  @Test
  void itIsCountedAgainWhenChangesMadeLess() throws Exception {
    AtomicLong counted = new AtomicLong();
    MappingBudget budget =
        new MappingBudget(
            65_530,
            () -> {
              counted.incrementAndGet();
              return 1000;
            });
    for (int i = 0; i < 200_000; i++) {
      budget.reserve();
    }
    assertThat(counted.get()).isBetween(5L, 10L);
  }

  @Test
  void withoutLimitNothingIsCounted() throws Exception {
    MappingBudget budget =
        new MappingBudget(
            Long.MAX_VALUE,
            () -> {
              throw new AssertionError("counted");
            });
    budget.reserve();
  }
}
