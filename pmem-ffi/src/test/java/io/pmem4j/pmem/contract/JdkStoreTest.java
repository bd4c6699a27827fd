// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class JdkStoreTest extends StoreContract {
  @TempDir(factory = Place.class)
  private Path folder;

  @Override
  PersistentMemory memory(Arena arena) throws Exception {
    MapSpec spec = MapSpec.createNew(SIZE).backend(Backend.JDK);
    return Pmem.map(folder.resolve("region"), spec, arena);
  }
}
