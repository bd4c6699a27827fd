// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.BeforeAll;

/** The stores of the contract on the DAX device that was given. */
class StoresOnDevice extends StoreContract {
  @BeforeAll
  static void device() {
    OnDevice.device();
  }

  @Override
  PersistentMemory memory(Arena arena) throws Exception {
    return Pmem.map(OnDevice.path(), MapSpec.existing(), arena).slice(4104, SIZE);
  }

  /** Some hypervisors refuse what it needs: an error that names the call is an answer. */
  @Override
  void deepPersist(PersistentMemory memory, long offset, long length) {
    try {
      memory.deepPersist(offset, length);
    } catch (PmemException refused) {
      assertThat(refused.operation()).isEqualTo("deepPersist");
      assertThat(refused.errno()).isNotZero();
      assertThat(refused.path()).isEqualTo(OnDevice.path());
      assertThat(refused.offset()).isEqualTo(4104 + offset);
      assertThat(refused.length()).isEqualTo(length);
    }
  }
}
