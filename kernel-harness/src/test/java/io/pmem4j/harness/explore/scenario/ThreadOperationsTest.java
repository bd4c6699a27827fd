// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Threads of one process answer as in some order of their operations. */
class ThreadOperationsTest {
  private final ThreadOperations operations = ThreadOperations.read();

  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  /** The whole, at two preemptions and with three tasks, is {@code explore threads}. */
  @ParameterizedTest
  @CsvSource({
    "append,         append",
    "append,         read",
    "read,           write",
    "store-hole,     munmap",
    "store-hole,     mprotect",
    "store-private,  madvise",
    "lookup,         lookup",
    "create,         create",
    "open-create,    unlink-created",
    "evict,          lookup-evicted",
    "evict,          evict",
    "freeze,         append",
  })
  void aPairAnswersAsSomeOrder(String left, String right) throws Exception {
    String pair = left + "+" + right;
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      Exploration result = runner.explore(pair, Explorer.bounded(2));
      assertThat(result.findings()).isEmpty();
      assertThat(result.complete()).isTrue();
    }
  }

  /** rename against rename, lookup, unlink and rmdir; create against readdir. */
  @Test
  @Tag("explorer")
  void everyPairOfNamesAnswersAsSomeOrder() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      for (String pair : operations.pairsOfNames()) {
        Exploration result = runner.explore(pair, Explorer.bounded(2));
        assertThat(result.findings()).as(pair).isEmpty();
        assertThat(result.complete()).as(pair).isTrue();
      }
    }
  }

  @Test
  @Tag("explorer")
  void everyPairAnswersAsSomeOrderWhereTasksDoNotMeet() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      for (String pair : operations.pairs()) {
        Exploration result = runner.explore(pair, Explorer.bounded(0));
        assertThat(result.findings()).as(pair).isEmpty();
        assertThat(result.complete()).as(pair).isTrue();
      }
      assertThat(runner.imagesChecked()).isGreaterThan(20);
    }
  }

  /** The control: without dax_sem a fault answers as in no order. */
  @Test
  void withoutDaxSemAFaultAgainstATruncationIsNoOrder() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LabOrders.NO_DAX_SEM)) {
      assertThat(runner.explore("store+truncate", Explorer.bounded(2)).findings()).isEmpty();
      assertThat(runner.explore("store-hole+truncate", Explorer.bounded(2)).findings())
          .isNotEmpty();
    }
  }

  @Test
  void anOrderThatWaitsIsNone() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      Exploration result = runner.explore("freeze+append", Explorer.bounded(1));
      assertThat(result.findings()).isEmpty();
      // Before the freeze or after the thaw: the same answers.
      assertThat(runner.answers()).isEqualTo(1);
      runner.explore("append+read", Explorer.bounded(0));
      assertThat(runner.answers()).isEqualTo(2);
    }
  }

  @Test
  void anUnknownOperationIsNamed() {
    assertThatThrownBy(() -> operations.program("append+appendix"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("unknown operation 'appendix', expected one of load, ");
  }

  @Test
  void everyPairAndTripleIsNamedOnce() {
    assertThat(operations.all()).doesNotHaveDuplicates().hasSizeGreaterThan(300);
  }

  /** Each of these, at two preemptions and many more of them, is {@code explore generated}. */
  @Test
  void generatedProgramsAnswerAsSomeOrder() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LockOrder.MERGED)) {
      for (String name : operations.generated(1, 8)) {
        Exploration result = runner.explore(name, Explorer.bounded(1));
        assertThat(result.findings()).as(name).isEmpty();
        assertThat(result.complete()).as(name).isTrue();
      }
    }
  }

  @Test
  void aSeedGivesTheSamePrograms() {
    assertThat(operations.generated(7, 20)).isEqualTo(operations.generated(7, 20));
    assertThat(operations.generated(7, 20)).isNotEqualTo(operations.generated(8, 20));
    assertThat(operations.generated(7, 200))
        .noneMatch(name -> name.matches(".*freeze.*freeze.*"))
        // The mapping is gone: no such program can be written.
        .noneMatch(name -> name.matches("(.*\\+)?munmap,(load|store|munmap)(\\+.*)?"));
    assertThat(operations.program("append,fsync+read").tasks().getFirst().steps()).hasSize(2);
  }

  /** The control: a program of several operations shows the missing lock as well. */
  @Test
  void withoutDaxSemAProgramOfSeveralOperationsIsNoOrder() throws Exception {
    try (LinearRunner runner = LinearRunner.open(Profile.LINUX_5_10, LabOrders.NO_DAX_SEM)) {
      assertThat(runner.explore("load,store-hole+truncate,read", Explorer.bounded(2)).findings())
          .isNotEmpty();
    }
  }
}
