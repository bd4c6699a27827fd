// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Points;
import org.junit.jupiter.api.Test;

class RendezvousExportTest {
  /** That the kernels know them all, RaceProgramIT shows. */
  @Test
  void everyPointOfTheTableIsOneOfTheKernels() {
    assertThat(Points.ALL).containsAll(RendezvousExport.points());
  }
}
