// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.syscall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** A slot that a child may still use is not given out again. */
class SlotTableTest {
  @Test
  void aSlotThatAChildMayUseIsNotTakenAgainBeforeItsEnd() {
    SlotTable slots = new SlotTable("file");
    int first = slots.take("f");
    assertThat(slots.release("f", SlotTable.Reuse.AFTER_CHILDREN)).isEqualTo(first);
    assertThat(slots.take("g")).isNotEqualTo(first);
    slots.recycle();
    assertThat(slots.take("h")).isEqualTo(first);
    slots.release("h", SlotTable.Reuse.NOW);
    assertThat(slots.take("i")).isEqualTo(first);
  }

  /** A child that closes a file leaves its parent's open. */
  @Test
  void aSlotThatAChildReleasedIsNeverTakenAgain() {
    SlotTable slots = new SlotTable("file");
    int first = slots.take("f");
    slots.release("f", SlotTable.Reuse.NEVER);
    slots.recycle();
    assertThat(slots.take("g")).isNotEqualTo(first);
  }

  /**
   * Each process has its own copy of a name: after one process unmaps it, the other can still use
   * it.
   */
  @Test
  void aReleasedNameIsKnownAsLongAsAnotherProcessMayUseIt() {
    SlotTable slots = new SlotTable("mapping");
    int byProgram = slots.take("m");
    int byChild = slots.take("n");
    slots.release("m", SlotTable.Reuse.AFTER_CHILDREN);
    slots.release("n", SlotTable.Reuse.NEVER);
    assertThat(slots.of("m")).isEqualTo(byProgram);
    assertThat(slots.of("n")).isEqualTo(byChild);
    slots.recycle();
    assertThatThrownBy(() -> slots.of("m")).hasMessage("no mapping m");
    assertThat(slots.of("n")).as("the program's own").isEqualTo(byChild);
    int anew = slots.take("m");
    assertThat(slots.of("m")).isEqualTo(anew);
    slots.release("m", SlotTable.Reuse.NOW);
    assertThatThrownBy(() -> slots.of("m")).hasMessage("no mapping m");
  }
}
