// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemMediaException;
import org.junit.jupiter.api.Test;

class FaultyMemoryTest {
  private final HeapMemory medium = new HeapMemory(4096);
  private final FaultyMemory memory = FaultyMemory.over(medium);

  @Test
  void thePlannedPersistFailsAndEachOneAfterIt() {
    memory.failAtPersist(2);
    memory.putLong(0, 1);
    memory.persist(0, 8);
    assertThatThrownBy(() -> memory.publishLong(8, 1)).isInstanceOf(PmemException.class);
    assertThat(medium.getLong(8)).as("the store was made").isEqualTo(1);
    assertThatThrownBy(() -> memory.slice(64, 8).flush(0, 8)).isInstanceOf(PmemException.class);
    assertThat(memory.flushes()).isEqualTo(3);
    memory.heal();
    memory.persist(0, 8);
    assertThatThrownBy(() -> memory.failAtPersist(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void poisonFailsLoadsAndStoresOfItsRangeAndOfNoOther() {
    memory.poison(64, 8);
    PersistentMemory slice = memory.slice(56, 16);
    slice.putLong(0, 1);
    assertThat(slice.getLong(0)).isEqualTo(1);
    assertThatThrownBy(() -> slice.getLong(8))
        .isInstanceOfSatisfying(
            PmemMediaException.class, e -> assertThat(e.offset()).isEqualTo(64));
    assertThatThrownBy(() -> memory.fill(0, 65, (byte) 1)).isInstanceOf(PmemMediaException.class);
    assertThatThrownBy(() -> memory.crc32c(0, 100)).isInstanceOf(PmemMediaException.class);
    assertThat(medium.getLong(0)).as("nothing is stored").isZero();
    memory.putLong(72, 1);
    assertThatThrownBy(() -> memory.poison(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
