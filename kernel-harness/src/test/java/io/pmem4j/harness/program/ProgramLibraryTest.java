// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.program;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProgramLibraryTest {
  /**
   * A program that cuts the power after sync(2) cannot say which names are lost, see {@link
   * Operation.Sync}.
   */
  @Test
  void noProgramThatCutsThePowerSyncsByTheFlushers() throws Exception {
    List<Program> cutters =
        ProgramLibrary.shipped().stream()
            .filter(program -> has(program, Operation.PowerCut.class))
            .toList();
    assertThat(cutters).isNotEmpty();
    assertThat(cutters)
        .allSatisfy(
            program -> assertThat(has(program, Operation.Sync.class)).as(program.name()).isFalse());
  }

  private static boolean has(Program program, Class<? extends Operation> kind) {
    return program.steps().stream().anyMatch(step -> kind.isInstance(step.operation()));
  }
}
