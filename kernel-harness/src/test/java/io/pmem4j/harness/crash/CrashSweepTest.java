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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A bounded part of {@code crash --all}, and workloads that break each rule of the judges. */
class CrashSweepTest {
  private static final long AT_MOST = 40;
  private static final int IMAGES = 3;

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  static List<CrashWorkload> workloads() {
    return CrashCatalog.all();
  }

  @ParameterizedTest
  @MethodSource("workloads")
  void inOrderNoCrashDamagesAnything(CrashWorkload workload) throws Exception {
    try (CrashSweep sweep = new CrashSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, IMAGES)) {
      CrashSweep.Outcome outcome = sweep.run(workload);
      assertThat(outcome.report().findings()).isEmpty();
      assertThat(outcome.kinds()).allMatch(ImageFinding.Kind::isTolerable);
      assertThat(outcome.images()).isPositive();
    }
  }

  @Test
  void aCrashInsideTheMountAfterACrashDamagesNothing() throws Exception {
    try (CrashSweep sweep =
        new CrashSweep(CrashOrder.ORDERED, CrashMode.X86, 12, 0).insideMount()) {
      for (String name : List.of("create-write-fsync", "truncate-reuse", "append")) {
        CrashSweep.Outcome outcome = sweep.run(CrashCatalog.find(name).orElseThrow());
        assertThat(outcome.report().findings()).as(name).isEmpty();
        assertThat(outcome.report().inside()).as(name).isPositive();
      }
    }
  }

  @Test
  void inTheOrderOfLinuxWhatWasSyncedSurvives() throws Exception {
    try (CrashSweep sweep = new CrashSweep(CrashOrder.LINUX, CrashMode.X86, AT_MOST, IMAGES)) {
      for (String name : List.of("append", "unlink-reuse", "create-write-fsync")) {
        CrashSweep.Outcome outcome = sweep.run(CrashCatalog.find(name).orElseThrow());
        assertThat(outcome.report().findings()).as(name).isEmpty();
      }
    }
  }

  @Test
  @OnMutant("branch-not-flushed")
  void lostPointersOfANewTreeAreFound() throws Exception {
    try (CrashSweep sweep = new CrashSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, 0)) {
      CrashSweep.Outcome outcome = sweep.run(CrashCatalog.find("write-indirect").orElseThrow());
      assertThat(outcome.report().findings().getFirst().message()).contains("BAD_POINTER");
    }
  }

  /**
   * A pointer in the inode alone is stored later, and zeros in free blocks hide what is missing.
   */
  @Test
  @OnMutant("splice-before-drain")
  void aPointerBeforeItsBlockIsFoundBelowPointers() throws Exception {
    CrashWorkload workload = CrashCatalog.find("write-a-hole-below-pointers").orElseThrow();
    try (CrashSweep linux = new CrashSweep(CrashOrder.LINUX, CrashMode.X86, AT_MOST, 0)) {
      assertThat(linux.run(workload).report().findings().getFirst().message())
          .contains("/f was synced with 61440 bytes, and has 61440 bytes or others");
    }
  }

  @Test
  void aPromiseThatIsNotKeptIsFound() throws Exception {
    CrashWorkload liar =
        new CrashWorkload(
            "liar",
            _ -> {},
            run -> {
              run.create("/f", 10, 1);
              run.sync("/f");
              try (OpenFile file = run.open("/f")) {
                file.pwrite(0, new byte[] {2});
                file.fsync();
              }
            });
    try (CrashSweep sweep = new CrashSweep(CrashOrder.ORDERED, CrashMode.X86, AT_MOST, 0)) {
      CrashSweep.Outcome outcome = sweep.run(liar);
      assertThat(outcome.report().findings().getFirst().message()).contains("/f was synced");
    }
  }

  @Test
  void theOrderOfLinuxLeavesDamageThatTheListDoesNotHave() throws Exception {
    try (CrashSweep sweep = new CrashSweep(CrashOrder.LINUX, CrashMode.X86, AT_MOST, 0)) {
      CrashSweep.Outcome outcome = sweep.run(CrashCatalog.find("create").orElseThrow());
      assertThat(outcome.kinds()).contains(ImageFinding.Kind.DANGLING_NAME);
    }
  }
}
