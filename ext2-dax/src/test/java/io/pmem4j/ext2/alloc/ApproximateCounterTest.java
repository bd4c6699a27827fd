// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ApproximateCounterTest {
  @Test
  void changesAreSeenWhenThereAreThirtyTwo() {
    ApproximateCounter counter = new ApproximateCounter(100);
    counter.add(-31);
    assertThat(counter.get()).isEqualTo(100);
    counter.add(2);
    counter.add(-3);
    assertThat(counter.get()).isEqualTo(68);
    counter.add(40);
    assertThat(counter.get()).isEqualTo(108);
    counter.add(-200);
    assertThat(counter.get()).as("never negative").isZero();
  }
}
