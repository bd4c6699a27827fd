// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real disk error: ext4 on a thin disk of 48 MiB whose medium has room for 16. */
@Timeout(120)
class WriteBackErrorTest {
  private static final String THIN_DISK =
      """
      mount -t tmpfs -o size=16m none $1
      truncate -s 48m $1/disk
      mke2fs -q -t ext4 -E lazy_itable_init=1 -J size=4 $1/disk
      mkdir $1/disk-of-the-region
      mount -o loop,errors=continue $1/disk $1/disk-of-the-region
      """;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void failsTheFileForGood(Backend backend) throws Exception {
    assumeTrue(backend == Backend.JDK || Pmem.libpmemAbsence().isEmpty(), "no libpmem here");
    ChildJvm.Result result =
        Mounted.run(
            folder,
            THIN_DISK,
            Map.of(),
            WriteBackError.class,
            backend.name(),
            Long.toString(32 << 20));
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("failed: persist")
        .contains("then: failed for good")
        .doesNotContain("durable, it says")
        .contains("mapped anew: ");
  }
}
