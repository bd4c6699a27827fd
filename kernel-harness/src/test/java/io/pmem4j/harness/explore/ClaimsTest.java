// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.explore.scenario.NamedScenario;
import io.pmem4j.harness.explore.scenario.ScenarioCatalog;
import io.pmem4j.harness.explore.scenario.ScenarioRunner;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The claims and questions of the letter of 2015, answered by exploration. */
@Tag("explorer")
class ClaimsTest {
  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @Test
  void everyRaceIsThereWithoutDaxSemAndNotWithIt() throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep = new KnownRaceReport(new PrintWriter(text)).run();
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.findings())
        .hasSameSizeAs(KnownRace.all())
        .allSatisfy(finding -> assertThat(finding.switches()).isLessThanOrEqualTo(4));
  }

  /** Every pair of them is in ScenarioRunnerTest too, with a preemption more. */
  @Test
  void theQuestionOfTheLetterIsAnsweredNo() throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new DaxSemNecessity(
                Profile.LINUX_5_10, LockOrder.MERGED, Explorer.bounded(1), new PrintWriter(text))
            .run();
    assertThat(sweep.findings()).as(text.toString()).isEmpty();
    assertThat(sweep.holds()).isTrue();
    assertThat(sweep.scenarios()).isGreaterThan(60);
  }

  /** Patch 1 alone: the false success, the window that remains; with both patches, none. */
  @Test
  void patchOneLeavesAWindow() throws IOException {
    Finding before = allowed(Profile.BEFORE_SERIES, LabOrders.NO_DAX_SEM).findings().getFirst();
    Finding patch1 = allowed(Profile.SERIES, LabOrders.NO_DAX_SEM).findings().getFirst();
    assertThat(before.message()).endsWith("a store to page 0 was allowed in a file of 0 bytes");
    assertThat(patch1.message()).isEqualTo(before.message());
    // Patch 1 has checked the size before it is stopped.
    assertThat(patch1.schedule().runs().getFirst().steps())
        .isGreaterThan(before.schedule().runs().getFirst().steps());
    Exploration both = allowed(Profile.SERIES, LockOrder.MERGED);
    assertThat(both.findings()).isEmpty();
    assertThat(both.complete()).isTrue();
  }

  private static Exploration allowed(Profile profile, LockOrder order) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(profile, order, true)) {
      return runner.explore(
          ScenarioCatalog.find("pfn-mkwrite-vs-truncate").orElseThrow(), Explorer.bounded(1));
    }
  }

  /** A circle of classes, and no two tasks that close it. */
  @Test
  void theMutexFirstIsACircleOfClassesOnly() throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new TruncateMutexFirstExperiment(Explorer.bounded(1), new PrintWriter(text)).run();
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(text.toString())
        .contains("PteFaultV44", "DirectoryBlocks", "no deadlock")
        .contains("named, by read-hole+create-name, page-mkwrite+create-name");
    assertThat(sweep.incomplete()).as(text.toString()).isZero();
  }

  /**
   * The absence of a deadlock means nothing if no task could ever block: this mutant does block.
   */
  @Test
  @OnMutant("mutex-under-page-lock")
  void aMutexTakenUnderThePageLockOfTheSameFileIsADeadlock() throws IOException {
    try (ScenarioRunner runner =
        ScenarioRunner.open(Profile.V4_4, LabOrders.TRUNCATE_MUTEX_FIRST.unchecked(), false)) {
      Exploration result =
          runner.explore(
              ScenarioCatalog.find("read-hole+read-hole").orElseThrow(), Explorer.bounded(1));
      assertThat(result.findings()).extracting(Finding::kind).contains(Finding.Kind.DEADLOCK);
      assertThat(result.findings())
          .extracting(Finding::message)
          .anyMatch(message ->
              message.contains("waits for Mutex truncate_mutex of inode 13")
                  && message.contains("waits for Mutex lock of page 1 of inode 13"));
    }
  }

  /** P1 is a cycle of lock classes only: no two tasks deadlock on it. */
  @Test
  void thePostedOrderIsACircleOfClassesOnly() throws IOException {
    NamedScenario pair = ScenarioCatalog.find("freeze-thaw+unlink").orElseThrow();
    try (ScenarioRunner checked = ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.POSTED);
        ScenarioRunner unchecked =
            ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.POSTED.unchecked(), true)) {
      assertThat(checked.explore(pair, Explorer.bounded(2)).findings())
          .singleElement()
          .satisfies(finding -> assertThat(finding.message()).contains("CIRCULAR: "));
      Exploration result = unchecked.explore(pair, Explorer.bounded(2));
      assertThat(result.findings()).isEmpty();
      assertThat(result.complete()).isTrue();
    }
  }

  /** Nor with a third task, which faults, and may be the one that evicts. */
  @Test
  void noThreeTasksCloseTheCircleOfThePostedOrder() throws IOException {
    NamedScenario three = ScenarioCatalog.find("freeze-vs-fault-vs-eviction").orElseThrow();
    try (ScenarioRunner checked = ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.POSTED);
        ScenarioRunner unchecked =
            ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.POSTED.unchecked(), true)) {
      assertThat(checked.explore(three, Explorer.bounded(1)).findings())
          .anySatisfy(finding -> assertThat(finding.message()).contains("CIRCULAR: "));
      Exploration result = unchecked.explore(three, Explorer.bounded(2));
      assertThat(result.findings()).isEmpty();
      assertThat(result.complete()).isTrue();
    }
  }

  /** The absence of a deadlock means nothing if no task needs a wake-up: this mutant loses one. */
  @Test
  @OnMutant("thaw-wakes-one")
  void oneWhoIsNotWokenWaitsForEver() throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      NamedScenario three = ScenarioCatalog.find("freeze-vs-two-faults").orElseThrow();
      Explorer explorer = Explorer.bounded(2).stoppingAtFirst(true);
      Exploration result = runner.explore(three, explorer);
      assertThat(result.findings())
          .singleElement()
          .satisfies(finding -> {
            assertThat(finding.kind()).isEqualTo(Finding.Kind.DEADLOCK);
            assertThat(finding.message()).endsWith("waits for thaw");
          });
    }
  }

  @Test
  void everyoneIsWokenByAThaw() throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      NamedScenario three = ScenarioCatalog.find("freeze-vs-two-faults").orElseThrow();
      assertThat(runner.explore(three, Explorer.bounded(1)).findings()).isEmpty();
    }
  }

  /** R9: no lock of any order keeps a device from a page that it has got. */
  @ParameterizedTest
  @ValueSource(strings = {"merged", "posted"})
  void aDeviceStoresToAnotherFileUnderEveryOrder(String order) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.of(order))) {
      Exploration stores =
          runner.explore(
              ScenarioCatalog.find("gup-vs-truncate").orElseThrow(), Explorer.bounded(1));
      assertThat(stores.findings())
          .extracting(Finding::message)
          .containsExactly("another file shows what was stored through a mapping");
      Exploration reads =
          runner.explore(
              ScenarioCatalog.find("gup-read-vs-truncate").orElseThrow(), Explorer.bounded(1));
      assertThat(reads.findings())
          .extracting(Finding::message)
          .containsExactly("gup-read: a device reads what another file holds");
    }
  }

  @Test
  void theQuestionFindsWhatADroppedLockLeavesOpen() throws IOException {
    SweepResult sweep =
        new DaxSemNecessity(
                Profile.LINUX_5_10,
                LabOrders.NO_DAX_SEM,
                Explorer.bounded(1),
                new PrintWriter(new StringWriter()))
            .run();
    assertThat(sweep.holds()).isFalse();
    assertThat(sweep.findings()).isNotEmpty();
  }

  /** The list of cases is derived from the stores that operations announce. */
  @Test
  void whatOperationsStoreToIsSeen() throws IOException {
    Map<String, Set<DaxSemNecessity.State>> stored = new HashMap<>();
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      for (String operation : ScenarioCatalog.operations()) {
        stored.put(operation, DaxSemNecessity.stores(runner, operation));
      }
    }
    assertThat(stored.get("write-hole"))
        .contains(
            DaxSemNecessity.State.BLOCK_POINTER,
            DaxSemNecessity.State.BITMAP_BIT,
            DaxSemNecessity.State.DAX_ENTRY);
    assertThat(stored.get("truncate-down"))
        .contains(
            DaxSemNecessity.State.I_SIZE,
            DaxSemNecessity.State.BLOCK_POINTER,
            DaxSemNecessity.State.PAGE_TABLE_ENTRY);
    assertThat(stored.get("read-block")).doesNotContain(DaxSemNecessity.State.I_SIZE);
    assertThat(stored.get("fsync")).containsExactly(DaxSemNecessity.State.PAGE_TABLE_ENTRY);
  }

  /**
   * The posted order holds dax_sem while a task is blocked on the frozen file system; the merged
   * order does not.
   */
  @Test
  void thePostedOrderKeepsDaxSemBehindAFreeze() throws IOException {
    Exploration posted = freeze(LabOrders.POSTED);
    assertThat(posted.findings())
        .extracting(Finding::message)
        .singleElement()
        .asString()
        .contains("thaw: daxsem=free expected");
    Exploration merged = freeze(LockOrder.MERGED);
    assertThat(merged.findings()).isEmpty();
    assertThat(merged.complete()).isTrue();
    Schedule schedule = posted.findings().getFirst().schedule();
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      assertThat(runner.replay(freezing(), Explorer.bounded(0), schedule)).isEmpty();
    }
  }

  private static Exploration freeze(LockOrder order) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, order)) {
      return runner.explore(freezing(), Explorer.bounded(2));
    }
  }

  private static NamedScenario freezing() {
    return ScenarioCatalog.find("freeze-vs-fault").orElseThrow();
  }
}
