// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.ext2.OpenFile;
import io.pmem4j.ext2.check.ImageFinding;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A bounded part of the pairs of {@code crash --all}, and pairs that break the judges' rules. */
@Tag("explorer")
class CrashPairSweepTest {
  private static final long AT_MOST = 4;

  /** The states that are enough for a mutant, whose classes run cold. */
  private static final long FEW = 3;

  private static final int IMAGES = 3;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  static List<CrashPair> pairs() {
    return PairCatalog.all();
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void inOrderNoCrashOfTwoTasksDamagesAnything(CrashPair pair) throws Exception {
    try (CrashPairSweep sweep =
        new CrashPairSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, IMAGES, 1)) {
      CrashPairSweep.Outcome outcome = sweep.run(pair);
      assertThat(outcome.exploration().findings()).isEmpty();
      assertThat(outcome.exploration().complete()).isTrue();
      assertThat(outcome.exploration().schedules()).isGreaterThan(10);
      assertThat(outcome.kinds()).allMatch(ImageFinding.Kind::isTolerable);
      assertThat(outcome.images()).isPositive();
    }
  }

  @Test
  void inTheOrderOfLinuxWhatATaskHasSyncedSurvives() throws Exception {
    try (CrashPairSweep sweep =
        new CrashPairSweep(CrashOrder.LINUX, CrashMode.X86, AT_MOST, IMAGES, 1)) {
      for (String name : List.of("pair-create-create", "pair-append-sync")) {
        CrashPairSweep.Outcome outcome = sweep.run(PairCatalog.find(name).orElseThrow());
        assertThat(outcome.exploration().findings()).as(name).isEmpty();
      }
    }
  }

  @Test
  @OnMutant("ordered-removal-drained-late")
  void aRemovalThatIsDrainedLateIsFoundByTwoTasksOnly() throws Exception {
    try (CrashSweep alone = new CrashSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, 0)) {
      for (String name : List.of("link-unlink", "unlink", "create-in-the-place-of-a-name")) {
        CrashWorkload workload = CrashCatalog.find(name).orElseThrow();
        assertThat(alone.run(workload).report().findings()).as(name).isEmpty();
      }
    }
    try (CrashPairSweep sweep =
        new CrashPairSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, 0, 1)) {
      CrashPairSweep.Outcome outcome =
          sweep.run(PairCatalog.find("pair-link-unlink").orElseThrow());
      assertThat(outcome.exploration().findings().getFirst().message()).contains("LINKS_TOO_LOW");
    }
  }

  /** Returns the first finding in a pair, in words. */
  private static String finding(String name) throws Exception {
    try (CrashPairSweep sweep = new CrashPairSweep(CrashOrder.ORDERED, CrashMode.X86, FEW, 0, 1)) {
      CrashPairSweep.Outcome outcome = sweep.run(PairCatalog.find(name).orElseThrow());
      return outcome.exploration().findings().getFirst().message();
    }
  }

  @Test
  @OnMutant("sync-writes-evicted-inode")
  void anEvictedInodeThatSyncWritesOutIsFound() throws Exception {
    assertThat(finding("pair-sync-reuse")).contains("/third was synced");
  }

  @Test
  @OnMutant("sync-writes-new-inode")
  void aNewInodeThatSyncWritesOutIsFound() throws Exception {
    assertThat(finding("pair-mkdir-sync")).contains("damage: [directory ");
  }

  @Test
  @OnMutant("ordered-size-newer-than-blocks")
  void aSizeThatIsNewerThanTheBlocksIsFound() throws Exception {
    assertThat(finding("pair-append-write-out")).contains("/f was synced with 24576 bytes");
  }

  @Test
  @OnMutant("two-write-outs-at-once")
  void twoWriteOutsOfAnInodeAtOnceAreFound() throws Exception {
    assertThat(finding("pair-append-write-out")).contains("/f was synced with 28672 bytes");
  }

  @Test
  void aPromiseThatTheOtherTaskBreaksIsFound() throws Exception {
    CrashPair liars =
        new CrashPair(
            "liars",
            run -> run.create("/f", 10, 1),
            run -> run.sync("/f"),
            run -> {
              try (OpenFile file = run.open("/f")) {
                file.pwrite(0, new byte[] {2});
                file.fsync();
              }
            });
    try (CrashPairSweep sweep =
        new CrashPairSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, 0, 1)) {
      CrashPairSweep.Outcome outcome = sweep.run(liars);
      assertThat(outcome.exploration().findings().getFirst().message()).contains("/f was synced");
    }
  }
}
