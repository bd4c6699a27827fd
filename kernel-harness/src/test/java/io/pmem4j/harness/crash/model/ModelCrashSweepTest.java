// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.crash.CrashFinding;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.crash.CrashOrder;
import io.pmem4j.harness.crash.kernel.CrashLimits;
import io.pmem4j.harness.crash.kernel.KernelCrashSweep;
import io.pmem4j.harness.crash.kernel.KnownLoss;
import io.pmem4j.harness.kernel.Kernel;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramLibrary;
import io.pmem4j.harness.program.ProgramParser;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Power cuts of programs on the model: its order keeps every promise, and a model with a step of
 * durability left out breaks one.
 */
class ModelCrashSweepTest {
  private static final int AT_MOST = 6;

  /** So many states reach single lines of a block that was stored whole. */
  private static final int LINES = 16;

  @BeforeEach
  void tools() {
    Required.programs("e2fsck", "mke2fs");
  }

  private static Program program(String name) throws Exception {
    return ProgramLibrary.shipped().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static ModelCrashSweep sweep() throws Exception {
    return new ModelCrashSweep(
        Kernel.MERGED, CrashOrder.LINUX, CrashMode.X86, CrashLimits.of(AT_MOST));
  }

  private static ModelCrashSweep ordered() throws Exception {
    return new ModelCrashSweep(
        Kernel.MERGED, CrashOrder.ORDERED, CrashMode.X86, CrashLimits.of(AT_MOST));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fsync-promises", "names-and-syncs", "nodax-promises"})
  void theModelKeepsWhatItPromises(String name) throws Exception {
    try (ModelCrashSweep sweep = sweep()) {
      KernelCrashSweep.Outcome outcome = sweep.run(program(name));
      assertThat(outcome.report().findings()).isEmpty();
      assertThat(outcome.images()).isGreaterThan(20);
      assertThat(outcome.mounts()).isGreaterThan(outcome.images());
      assertThat(outcome.repairs()).isPositive();
      assertThat(outcome.complaints()).isNotEmpty();
    }
  }

  /** The images are damaged nowhere, so that the promises hold without a repair. */
  @ParameterizedTest
  @ValueSource(strings = {"names-and-syncs", "nodax-promises"})
  void inOrderEachPromiseHoldsBeforeARepair(String name) throws Exception {
    try (ModelCrashSweep sweep = ordered()) {
      KernelCrashSweep.Outcome outcome = sweep.run(program(name));
      assertThat(outcome.report().findings()).isEmpty();
      assertThat(outcome.repairs()).isPositive();
      assertThat(outcome.keptAtOnce()).isPositive();
      assertThat(outcome.losses()).isEmpty();
    }
  }

  /** In the order of Linux the pointer to a block that was not zeroed may come before its data. */
  @Test
  void withoutDaxANewBlockMayShowItsLastOwner() throws Exception {
    try (ModelCrashSweep sweep =
        new ModelCrashSweep(Kernel.MERGED, CrashOrder.LINUX, CrashMode.X86, CrashLimits.of(3))) {
      KernelCrashSweep.Outcome outcome = sweep.run(program("nodax-late-allocation"));
      assertThat(outcome.report().findings()).isEmpty();
      assertThat(outcome.losses()).containsOnlyKeys(KnownLoss.NEW_BLOCK);
    }
    try (ModelCrashSweep sweep = ordered()) {
      assertThat(sweep.run(program("nodax-late-allocation")).report().findings()).isEmpty();
    }
  }

  @Test
  @OnMutant("ordered-block-bit-not-flushed")
  void inOrderDamageIsFoundThatARepairWouldMend() throws Exception {
    try (ModelCrashSweep sweep = ordered()) {
      assertThat(sweep.run(program("fsync-promises")).report().findings().getFirst().message())
          .contains("e2fsck -fn: [Block bitmap differences:  +");
    }
  }

  /** Returns a program whose file gets longer than 4 GiB and short again. */
  private static Program pastFourGib() throws Exception {
    return ProgramParser.parse(
        "past-4-gib",
        """
        title A size whose halves both change
        image 8m
        setup file /a x41*9000

        open      f /a rw
        fsync     f
        ftruncate f 4294967297
        fsync     f
        ftruncate f 8500
        fsync     f
        """);
  }

  /** Returns a program that cuts a file without blocks. */
  private static Program sparse() throws Exception {
    return ProgramParser.parse(
        "sparse-4-gib",
        """
        title A hole whose end is torn
        image 8m

        open      f /a rw creat 644
        ftruncate f 4294967296
        fsync     f
        open      d / ro
        fsync     d
        ftruncate f 8500
        fsync     f
        """);
  }

  private static ModelCrashSweep lines(CrashOrder order) throws Exception {
    return new ModelCrashSweep(Kernel.MERGED, order, CrashMode.X86, CrashLimits.of(LINES));
  }

  /** A repair makes a file end with its last block, so that holes alone are lost. */
  @Test
  void aTornSizeIsAKnownLossInTheOrderOfLinux() throws Exception {
    try (ModelCrashSweep sweep = lines(CrashOrder.LINUX)) {
      KernelCrashSweep.Outcome sparse = sweep.run(sparse());
      assertThat(sparse.report().findings()).isEmpty();
      assertThat(sparse.losses()).containsOnlyKeys(KnownLoss.TORN_SIZE);
      KernelCrashSweep.Outcome full = sweep.run(pastFourGib());
      assertThat(full.report().findings()).isEmpty();
      assertThat(full.losses()).isEmpty();
    }
  }

  @Test
  void aTornSizeLosesNothingInOrder() throws Exception {
    try (ModelCrashSweep sweep = lines(CrashOrder.ORDERED)) {
      assertThat(sweep.run(pastFourGib()).report().findings()).isEmpty();
    }
  }

  @Test
  @OnMutant("ordered-halves-of-a-size-at-once")
  void aTornSizeIsFound() throws Exception {
    try (ModelCrashSweep sweep = lines(CrashOrder.ORDERED)) {
      assertThat(sweep.run(pastFourGib()).report().findings().getFirst().message())
          .contains("/a has 1 bytes");
    }
  }

  @Test
  @OnMutant("ordered-smaller-half-of-a-size-first")
  void theHalfThatLeavesTheSmallerSizeIsNotFirst() throws Exception {
    try (ModelCrashSweep sweep = lines(CrashOrder.ORDERED)) {
      assertThat(sweep.run(pastFourGib()).report().findings()).isNotEmpty();
    }
  }

  /** Returns a program whose write takes a run of blocks with bits in two lines of the bitmap. */
  private static Program acrossLines() throws Exception {
    // The prepared files end at block 507; a line of the bitmap has 512 bits.
    return ProgramParser.parse(
        "across-lines",
        """
        title A run of blocks across two lines of the bitmap
        image 8m
        setup file /b x41*1048576
        setup file /a x41*593920

        open   f /a rw
        pwrite f 593920 x42*32768
        fstat  f
        """);
  }

  @Test
  void inOrderTheBitsOfARunAreDurableInEachLine() throws Exception {
    try (ModelCrashSweep sweep = ordered()) {
      assertThat(sweep.run(acrossLines()).report().findings()).isEmpty();
    }
  }

  @Test
  @OnMutant("ordered-bits-of-a-run-flushed-in-part")
  void bitsOfARunInTwoLinesOfTheBitmapAreFound() throws Exception {
    try (ModelCrashSweep sweep = ordered()) {
      assertThat(sweep.run(acrossLines()).report().findings().getFirst().message())
          .contains("e2fsck -fn: [Block bitmap differences:  +(512--515)");
    }
  }

  private static List<String> findingsOfASymlinkWithAttributes() throws Exception {
    Program program =
        ProgramParser.parse(
            "symlink",
            """
            title A symbolic link gets attributes and loses them
            image 8m

            symlink     a /s
            setxattr    /s trusted.x x35
            removexattr /s trusted.x
            setxattr    /s trusted.x x36
            unlink      /s
            """);
    try (ModelCrashSweep sweep = ordered()) {
      return sweep.run(program).report().findings().stream().map(CrashFinding::message).toList();
    }
  }

  @Test
  void inOrderTheTargetOfASymlinkNeverPassesForABlock() throws Exception {
    assertThat(findingsOfASymlinkWithAttributes()).isEmpty();
  }

  @Test
  @OnMutant("ordered-symlink-attributes-with-its-blocks")
  void blocksOfASymlinkBeforeItsAttributesAreFound() throws Exception {
    assertThat(findingsOfASymlinkWithAttributes())
        .anySatisfy(each -> assertThat(each).contains("Multiply-claimed block(s)"));
  }

  @Test
  @OnMutant("page-write-without-mark")
  void aPageThatIsNotFlushedIsFound() throws Exception {
    try (ModelCrashSweep sweep = sweep()) {
      assertThat(sweep.run(program("nodax-promises")).report().findings().getFirst().message())
          .contains("at byte 0, expected 41 as synced");
    }
  }

  /** Returns the messages of the findings in the shipped program about fsync. */
  private static List<String> findings() throws Exception {
    return findings(AT_MOST);
  }

  private static List<String> findings(int atMost) throws Exception {
    List<String> messages = new ArrayList<>();
    try (ModelCrashSweep sweep =
        new ModelCrashSweep(
            Kernel.MERGED, CrashOrder.LINUX, CrashMode.X86, CrashLimits.of(atMost))) {
      CrashReport report = sweep.run(program("fsync-promises")).report();
      report.findings().forEach(each -> messages.add(each.message()));
    }
    return messages;
  }

  @Test
  @OnMutant("write-back-without-flush")
  void aLostFlushOfAMappingIsFound() throws Exception {
    assertThat(findings()).anySatisfy(each -> assertThat(each).contains("/a has 41 at byte"));
  }

  @Test
  @OnMutant("write-without-flush")
  void aLostFlushOfAWriteIsFound() throws Exception {
    assertThat(findings()).anySatisfy(each -> assertThat(each).contains("/a has 00 at byte"));
  }

  @Test
  @OnMutant("write-out-without-drain")
  void aLostFenceIsFound() throws Exception {
    assertThat(findings()).anySatisfy(each -> assertThat(each).contains("/a is gone"));
  }

  @Test
  @OnMutant("fsync-without-inode")
  void anInodeThatFsyncLeavesOutIsFound() throws Exception {
    assertThat(findings()).anySatisfy(each -> assertThat(each).contains("/a is gone"));
  }

  /** In a free block of zeros, as mke2fs leaves it, lost zeros are there all the same. */
  @Test
  @OnMutant("zeros-not-flushed")
  void lostZerosOfANewBlockAreFound() throws Exception {
    assertThat(findings(LINES))
        .anySatisfy(each -> assertThat(each).contains("/a has a5 at byte 57"));
  }

  @Test
  void programsWhosePromisesAreUnknownAreRefused() throws Exception {
    try (ModelCrashSweep sweep = sweep()) {
      assertThat(sweep.refusal(program("fsync-promises"))).isEmpty();
      assertThat(sweep.refusal(program("exec-mapping"))).contains("lacks");
      assertThat(sweep.refusal(program("power-cut"))).contains("cuts the power itself");
    }
  }
}
