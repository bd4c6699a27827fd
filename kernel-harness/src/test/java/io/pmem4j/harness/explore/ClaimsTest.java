// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the letter of 2015 says and asks, answered by exploration. */
@Tag("explorer")
class ClaimsTest {
  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @Test
  void everyRaceIsThereWithoutDaxSemAndNotWithIt() throws IOException {
    StringWriter text = new StringWriter();
    Sweep sweep = new Races(new PrintWriter(text)).run();
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.findings())
        .hasSameSizeAs(Race.all())
        .allSatisfy(finding -> assertThat(finding.switches()).isLessThanOrEqualTo(4));
  }

  /** Every pair of them is in ExploringTest too, with a preemption more. */
  @Test
  void theQuestionOfTheLetterIsAnsweredNo() throws IOException {
    StringWriter text = new StringWriter();
    Sweep sweep =
        new Letter(Profile.LINUX_5_10, LockOrder.MERGED, Explorer.bounded(1), new PrintWriter(text))
            .run();
    assertThat(sweep.findings()).as(text.toString()).isEmpty();
    assertThat(sweep.holds()).isTrue();
    assertThat(sweep.scenarios()).isGreaterThan(60);
  }

  /** Patch 1 alone: the false success, the window that remains; with both patches, none. */
  @Test
  void patchOneLeavesAWindow() throws IOException {
    Finding before = allowed(Profile.BEFORE_SERIES, LockOrder.NO_DAX_SEM).findings().getFirst();
    Finding patch1 = allowed(Profile.SERIES, LockOrder.NO_DAX_SEM).findings().getFirst();
    assertThat(before.message()).endsWith("a store to page 0 was allowed in a file of 0 bytes");
    assertThat(patch1.message()).isEqualTo(before.message());
    // Patch 1 has looked at the size before it is stopped.
    assertThat(patch1.schedule().runs().getFirst().steps())
        .isGreaterThan(before.schedule().runs().getFirst().steps());
    Exploration both = allowed(Profile.SERIES, LockOrder.MERGED);
    assertThat(both.findings()).isEmpty();
    assertThat(both.complete()).isTrue();
  }

  private static Exploration allowed(Profile profile, LockOrder order) throws IOException {
    try (Exploring exploring = Exploring.open(profile, order, true)) {
      return exploring.explore(
          Exploring.named("pfn-mkwrite-vs-truncate").orElseThrow(), Explorer.bounded(1));
    }
  }

  /** A circle of classes, and no two tasks that close it. */
  @Test
  void theMutexFirstIsACircleOfClassesOnly() throws IOException {
    StringWriter text = new StringWriter();
    Sweep sweep = new MutexFirst(Explorer.bounded(1), new PrintWriter(text)).run();
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(text.toString())
        .contains("PteFault2015", "DirectoryBlocks", "no deadlock")
        .contains("named, by read-hole+create-name, page-mkwrite+create-name");
    assertThat(sweep.incomplete()).as(text.toString()).isZero();
  }

  /** That no two tasks close it would be said of locks as well that nobody could wait for. */
  @Test
  @OnMutant("mutex-under-page-lock")
  void aMutexTakenUnderThePageLockOfTheSameFileIsADeadlock() throws IOException {
    try (Exploring exploring =
        Exploring.open(Profile.V4_4, LockOrder.TRUNCATE_MUTEX_FIRST.unchecked(), false)) {
      Exploration result =
          exploring.explore(
              Exploring.named("read-hole+read-hole").orElseThrow(), Explorer.bounded(1));
      assertThat(result.findings()).extracting(Finding::kind).contains(Finding.Kind.DEADLOCK);
      assertThat(result.findings())
          .extracting(Finding::message)
          .anyMatch(message ->
              message.contains("waits for Mutex truncate_mutex of inode 13")
                  && message.contains("waits for Mutex lock of page 1 of inode 13"));
    }
  }

  /** P1 is a circle of classes too: behind it nobody waits for ever. */
  @Test
  void thePostedOrderIsACircleOfClassesOnly() throws IOException {
    Exploring.Named pair = Exploring.named("freeze-thaw+unlink").orElseThrow();
    try (Exploring checked = Exploring.open(Profile.LINUX_5_10, LockOrder.POSTED);
        Exploring unchecked =
            Exploring.open(Profile.LINUX_5_10, LockOrder.POSTED.unchecked(), true)) {
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
    Exploring.Named three = Exploring.named("freeze-vs-fault-vs-eviction").orElseThrow();
    try (Exploring checked = Exploring.open(Profile.LINUX_5_10, LockOrder.POSTED);
        Exploring unchecked =
            Exploring.open(Profile.LINUX_5_10, LockOrder.POSTED.unchecked(), true)) {
      assertThat(checked.explore(three, Explorer.bounded(1)).findings())
          .anySatisfy(finding -> assertThat(finding.message()).contains("CIRCULAR: "));
      Exploration result = unchecked.explore(three, Explorer.bounded(2));
      assertThat(result.findings()).isEmpty();
      assertThat(result.complete()).isTrue();
    }
  }

  /** That nobody waits for ever would be said of tasks as well that need nobody to wake them. */
  @Test
  @OnMutant("thaw-wakes-one")
  void oneWhoIsNotWokenWaitsForEver() throws IOException {
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      Exploring.Named three = Exploring.named("freeze-vs-two-faults").orElseThrow();
      Explorer explorer = Explorer.bounded(2).stoppingAtFirst(true);
      Exploration result = exploring.explore(three, explorer);
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
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      Exploring.Named three = Exploring.named("freeze-vs-two-faults").orElseThrow();
      assertThat(exploring.explore(three, Explorer.bounded(1)).findings()).isEmpty();
    }
  }

  /** R9: no lock of any order keeps a device from a page that it has got. */
  @ParameterizedTest
  @ValueSource(strings = {"merged", "posted"})
  void aDeviceStoresToAnotherFileUnderEveryOrder(String order) throws IOException {
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.of(order))) {
      Exploration stores =
          exploring.explore(Exploring.named("gup-vs-truncate").orElseThrow(), Explorer.bounded(1));
      assertThat(stores.findings())
          .extracting(Finding::message)
          .containsExactly("another file shows what was stored through a mapping");
      Exploration reads =
          exploring.explore(
              Exploring.named("gup-read-vs-truncate").orElseThrow(), Explorer.bounded(1));
      assertThat(reads.findings())
          .extracting(Finding::message)
          .containsExactly("gup-read: a device reads what another file holds");
    }
  }

  @Test
  void theQuestionFindsWhatADroppedLockLeavesOpen() throws IOException {
    Sweep sweep =
        new Letter(
                Profile.LINUX_5_10,
                LockOrder.NO_DAX_SEM,
                Explorer.bounded(1),
                new PrintWriter(new StringWriter()))
            .run();
    assertThat(sweep.holds()).isFalse();
    assertThat(sweep.findings()).isNotEmpty();
  }

  /** The list of the letter's question comes from what operations announce. */
  @Test
  void whatOperationsStoreToIsSeen() throws IOException {
    Map<Operation, Set<Letter.State>> stored = new EnumMap<>(Operation.class);
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      for (Operation operation : Operation.all()) {
        stored.put(operation, Letter.stores(exploring, operation));
      }
    }
    assertThat(stored.get(Operation.WRITE_HOLE))
        .contains(Letter.State.BLOCK_POINTER, Letter.State.BITMAP_BIT, Letter.State.DAX_ENTRY);
    assertThat(stored.get(Operation.TRUNCATE_DOWN))
        .contains(Letter.State.I_SIZE, Letter.State.BLOCK_POINTER, Letter.State.PAGE_TABLE_ENTRY);
    assertThat(stored.get(Operation.READ_BLOCK)).doesNotContain(Letter.State.I_SIZE);
    assertThat(stored.get(Operation.FSYNC)).containsExactly(Letter.State.PAGE_TABLE_ENTRY);
  }

  /** What the posted order does behind a freeze, and the merged one does not. */
  @Test
  void thePostedOrderKeepsDaxSemBehindAFreeze() throws IOException {
    Exploration posted = freeze(LockOrder.POSTED);
    assertThat(posted.findings())
        .extracting(Finding::message)
        .containsExactly("freeze-looking: who waits for a thaw keeps &ei->dax_sem");
    Exploration merged = freeze(LockOrder.MERGED);
    assertThat(merged.findings()).isEmpty();
    assertThat(merged.complete()).isTrue();
    Schedule schedule = posted.findings().getFirst().schedule();
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      assertThat(exploring.replay(freezing(), Explorer.bounded(0), schedule)).isEmpty();
    }
  }

  private static Exploration freeze(LockOrder order) throws IOException {
    try (Exploring exploring = Exploring.open(Profile.LINUX_5_10, order)) {
      return exploring.explore(freezing(), Explorer.bounded(2));
    }
  }

  private static Exploring.Named freezing() {
    return Exploring.named("freeze-vs-fault").orElseThrow();
  }
}
