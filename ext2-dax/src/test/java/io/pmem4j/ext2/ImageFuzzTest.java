// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * No image ends a check, a mount, a walk or a change in an unexpected way. {@code
 * -Dpmem4j.fuzz.runs=10000000 -Dpmem4j.fuzz.threads=2} makes more runs than the suite has time for,
 * {@code -Dpmem4j.fuzz.from=N} begins with another seed; target/image-fuzz-N.txt counts how calls
 * ended.
 */
class ImageFuzzTest {
  private static final long RUNS = Long.getLong("pmem4j.fuzz.runs", 200);
  private static final long FIRST_SEED = Long.getLong("pmem4j.fuzz.from", 0);
  private static final int THREADS = Integer.getInteger("pmem4j.fuzz.threads", 1);

  @BeforeAll
  static void tools() {
    for (String tool : List.of("mke2fs", "debugfs", "e2fsck")) {
      assumeTrue(ImageFixture.toolPath(tool) != null, () -> "needs e2fsprogs: no " + tool);
    }
  }

  @Test
  void noInputEndsInAnUnexpectedWay() throws Exception {
    FuzzCampaign campaign = new FuzzCampaign(FIRST_SEED, RUNS, THREADS);
    assertThat(campaign.run()).isEmpty();
    assertThat(campaign.mounts()).isGreaterThan(RUNS / 2);
  }

  private static void run(String input) {
    new FuzzedRun().run(HexFormat.of().parseHex(input));
  }

  /** An inode without links and deletion time: who reads its name does not delete it. */
  @Test
  void aWalkChangesNothing() {
    assertThatCode(() -> run("070000001a1a00010000")).doesNotThrowAnyException();
  }

  /** An entry with a length of 3 is an error, which a read-only mount does not note. */
  @Test
  void aReadOnlyMountChangesNothing() {
    assertThatCode(() -> run("25000000046000010300")).doesNotThrowAnyException();
  }

  // Findings, as inputs.

  @Test
  void attributesWhoseValuesLieOverEachOtherAreRefused() {
    assertThatCode(() -> run("19c0043036dc0001f603")).doesNotThrowAnyException();
  }

  @Test
  void aLineFeedInANameDoesNotBreakAMessage() {
    assertThatCode(() -> run("2c081205249b0002f9b90a120800010020")).doesNotThrowAnyException();
  }
}
