// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A slot that a child may still use is nobody else's. */
class SlotsTest {
  @Test
  void aSlotThatAChildMayUseIsNotTakenAgainBeforeItsEnd() {
    Slots slots = new Slots("file");
    int first = slots.take("f");
    assertThat(slots.release("f", false)).isEqualTo(first);
    assertThat(slots.take("g")).isNotEqualTo(first);
    slots.recycle();
    assertThat(slots.take("h")).isEqualTo(first);
    slots.release("h", true);
    assertThat(slots.take("i")).isEqualTo(first);
  }
}
