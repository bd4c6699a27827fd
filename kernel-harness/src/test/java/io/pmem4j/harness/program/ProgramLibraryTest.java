// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ProgramLibraryTest {
  /**
   * A program that cuts the power after sync(2) cannot say which names are lost, see {@link
   * Syscall#SYNC}.
   */
  @Test
  void noProgramThatCutsThePowerSyncsByTheFlushers() throws Exception {
    List<Program> cutters =
        ProgramLibrary.shipped().stream()
            .filter(program -> has(program, Operation.PowerCut.class::isInstance))
            .toList();
    assertThat(cutters).isNotEmpty();
    assertThat(cutters)
        .allSatisfy(program ->
            assertThat(has(program, step -> step.isCall(Syscall.SYNC)))
                .as(program.name())
                .isFalse());
  }

  private static boolean has(Program program, Predicate<Operation> trait) {
    return program.steps().stream().map(ProgramStep::operation).anyMatch(trait);
  }
}
