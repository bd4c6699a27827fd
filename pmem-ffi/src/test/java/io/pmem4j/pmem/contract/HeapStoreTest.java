// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.Arena;

class HeapStoreTest extends StoreContract {
  @Override
  PersistentMemory memory(Arena arena) {
    return new ArrayMemory(Granularity.CACHE_LINE, SIZE, 8);
  }
}
