// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A slot that a child may still use is nobody else's. */
class SlotsTest {
  @Test
  void aSlotThatAChildMayUseIsNotTakenAgainBeforeItsEnd() {
    Slots slots = new Slots("file");
    int first = slots.take("f");
    assertThat(slots.release("f", Slots.Reuse.AFTER_CHILDREN)).isEqualTo(first);
    assertThat(slots.take("g")).isNotEqualTo(first);
    slots.recycle();
    assertThat(slots.take("h")).isEqualTo(first);
    slots.release("h", Slots.Reuse.NOW);
    assertThat(slots.take("i")).isEqualTo(first);
  }

  /** A child that closes a file leaves its parent's open. */
  @Test
  void aSlotThatAChildReleasedIsNeverTakenAgain() {
    Slots slots = new Slots("file");
    int first = slots.take("f");
    slots.release("f", Slots.Reuse.NEVER);
    slots.recycle();
    assertThat(slots.take("g")).isNotEqualTo(first);
  }

  /** Each process has its own copy: what one unmaps, the other still has under its name. */
  @Test
  void aReleasedNameIsKnownAsLongAsAnotherProcessMayUseIt() {
    Slots slots = new Slots("mapping");
    int byProgram = slots.take("m");
    int byChild = slots.take("n");
    slots.release("m", Slots.Reuse.AFTER_CHILDREN);
    slots.release("n", Slots.Reuse.NEVER);
    assertThat(slots.of("m")).isEqualTo(byProgram);
    assertThat(slots.of("n")).isEqualTo(byChild);
    slots.recycle();
    assertThatThrownBy(() -> slots.of("m")).hasMessage("no mapping m");
    assertThat(slots.of("n")).as("the program's own").isEqualTo(byChild);
    int anew = slots.take("m");
    assertThat(slots.of("m")).isEqualTo(anew);
    slots.release("m", Slots.Reuse.NOW);
    assertThatThrownBy(() -> slots.of("m")).hasMessage("no mapping m");
  }
}
