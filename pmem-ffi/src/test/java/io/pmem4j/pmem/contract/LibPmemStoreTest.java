// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A slice, so that offsets in the memory and in the mapping differ. */
class LibPmemStoreTest extends StoreContract {
  @TempDir(factory = Place.class)
  private Path folder;

  @BeforeAll
  static void libpmem() {
    Installed.assumeLibpmem();
  }

  @Override
  PersistentMemory memory(Arena arena) throws Exception {
    MapSpec spec = MapSpec.createNew(SIZE + 8192).backend(Backend.LIBPMEM);
    return Pmem.map(folder.resolve("region"), spec, arena).slice(4104, SIZE);
  }
}
