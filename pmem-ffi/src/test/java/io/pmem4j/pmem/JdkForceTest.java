// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's force, and an arena that another thread closes in the middle of it. */
class JdkForceTest {
  @TempDir Path folder;

  /**
   * msync of a range that is no longer mapped fails with ENOMEM; where something else has been
   * mapped there meanwhile it succeeds, for memory that is not ours.
   */
  @Test
  void closedMeanwhile() throws Exception {
    persistBesideClose("gone", _ -> {});
    persistBesideClose(
        "failed",
        _ -> {
          throw new UncheckedIOException(new IOException("Cannot allocate memory"));
        });
  }

  @SuppressWarnings("MustBeClosed") // closed by the force
  private void persistBesideClose(String name, Consumer<MemorySegment> msync) throws Exception {
    Arena arena = Arena.ofShared();
    PmemRegion region =
        new PmemRegion(
            JdkMedium.map(
                folder.resolve(name),
                MapSpec.createNew(8192),
                arena,
                range -> {
                  arena.close();
                  msync.accept(range);
                }));
    assertThatIllegalStateException().isThrownBy(() -> region.persist(0, 8));
  }

  @Test
  void aFailureOfAnOpenRegionIsToldAsIt() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region =
          new PmemRegion(
              JdkMedium.map(
                  folder.resolve("open"),
                  MapSpec.createNew(8192),
                  arena,
                  _ -> {
                    throw new UncheckedIOException(new IOException("Input/output error"));
                  }));
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.persist(0, 8))
          .withMessageContaining("Input/output error");
    }
  }
}
