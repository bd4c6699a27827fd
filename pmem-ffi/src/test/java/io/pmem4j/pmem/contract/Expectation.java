// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder is what the caller believes it to be: else the rest says less than it seems to. */
class Expectation {
  @TempDir(factory = Place.class)
  private Path folder;

  @Test
  void regionsOfLibpmem() throws Exception {
    Installed.assumeLibpmem();
    assertExpected(Backend.LIBPMEM, expected());
  }

  @Test
  void regionsOfTheJdk() throws Exception {
    // The variables that make libpmem take anything for persistent memory mean nothing to the JDK.
    assumeTrue(System.getenv("PMEM_IS_PMEM_FORCE") == null, "PMEM_IS_PMEM_FORCE is set");
    Granularity expected = expected();
    // force() of the JDK writes lines back, whatever the platform's domain is.
    assertExpected(Backend.JDK, expected == Granularity.BYTE ? Granularity.CACHE_LINE : expected);
  }

  private static Granularity expected() {
    assumeTrue(Place.expected().isPresent(), "nothing was expected of this place");
    return Place.expected().orElseThrow();
  }

  private void assertExpected(Backend backend, Granularity expected) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MapSpec spec = MapSpec.createNew(1 << 16).backend(backend);
      assertThat(Pmem.map(folder.resolve("region"), spec, arena).granularity()).isEqualTo(expected);
    }
  }
}
