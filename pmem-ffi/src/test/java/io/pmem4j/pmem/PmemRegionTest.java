// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PmemRegionTest {
  @Test
  void storesAreInTheFileAfterPersist(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("f");
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, MapSpec.createNew(8192), arena);
      region.putLong(4096, 0x0102030405060708L);
      region.persist(4096, 8);
      assertThat(region.byteSize()).isEqualTo(8192);
    }
    assertThat(Files.readAllBytes(file)).hasSize(8192).startsWith(0, 0);
    assertThat(Files.readAllBytes(file)[4096]).isEqualTo((byte) 8);
  }
}
