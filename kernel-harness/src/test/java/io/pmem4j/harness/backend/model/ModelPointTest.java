// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.harness.backend.model.ModelPoint.Path;
import io.pmem4j.harness.program.Points;
import io.pmem4j.sched.Scheduler.Point;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** One table tells the points of the model's tasks and those of exported schedules. */
class ModelPointTest {
  /** RaceProgramIT shows that the kernels know them all. */
  @Test
  void everyPointOfTheTableIsOneOfTheKernels() {
    assertThat(Points.ALL)
        .containsAll(Arrays.stream(ModelPoint.values()).map(ModelPoint::label).toList());
  }

  @Test
  void aHugeFaultHasPointsOfItsOwnAndTheOthersOfAFault() {
    assertThat(ModelPoint.behind(Path.FAULT, Point.LOAD, StateKind.I_SIZE, false))
        .contains(ModelPoint.FAULT_SIZE_CHECKED);
    assertThat(ModelPoint.behind(Path.HUGE_FAULT, Point.LOAD, StateKind.I_SIZE, false))
        .contains(ModelPoint.PMD_SIZE_CHECKED);
    assertThat(ModelPoint.behind(Path.HUGE_FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, true))
        .contains(ModelPoint.ALLOC_BEFORE_MUTEX);
  }

  /** A task of the model stops only where the kernels' point is, an exported one runs on to it. */
  @Test
  void onlyAnExportedTruncationRunsOnToTheNextPoint() {
    assertThat(ModelPoint.behind(Path.TRUNCATION, Point.LOAD, StateKind.DAX_ENTRIES, false))
        .isEmpty();
    assertThat(
            ModelPoint.behind(Path.EXPORTED_TRUNCATION, Point.LOAD, StateKind.DAX_ENTRIES, false))
        .contains(ModelPoint.TRUNCATE_UNMAPPED);
    assertThat(ModelPoint.behind(Path.TRUNCATION, Point.RELEASE, LockClass.MMAP_LOCK, true))
        .contains(ModelPoint.TRUNCATE_UNMAPPED);
  }

  @Test
  void theModelDoesNotHaveThePointsOfHugeFaults() {
    assertThat(ModelPoint.exists("fault-size-checked")).isTrue();
    assertThat(ModelPoint.exists("pmd-size-checked")).isFalse();
  }
}
