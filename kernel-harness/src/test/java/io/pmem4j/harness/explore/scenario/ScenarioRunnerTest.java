// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Finding;
import io.pmem4j.explore.Interleaving;
import io.pmem4j.explore.Schedule;
import io.pmem4j.ext2.lab.LabOrders;
import io.pmem4j.ext2.lab.Profile;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.explore.PairSweep;
import io.pmem4j.harness.explore.SweepResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("explorer")
class ScenarioRunnerTest {
  private static final String PAST_EOF = "a page table shows a page past EOF";

  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static Exploration explore(
      String name, Profile profile, LockOrder order, Explorer explorer) throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(profile, order)) {
      return runner.explore(ScenarioCatalog.find(name).orElseThrow(), explorer);
    }
  }

  /** The merged order: nothing, in every interleaving within two preemptions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "fault-vs-truncate",
        "read-fault-vs-truncate",
        "pfn-mkwrite-vs-truncate",
        "fault-vs-partial-truncate",
        "zero-page-vs-write",
      })
  void theMergedOrderHolds(String name) throws IOException {
    Exploration result = explore(name, Profile.LINUX_5_10, LockOrder.MERGED, Explorer.bounded(2));
    assertThat(result.findings()).isEmpty();
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(200);
  }

  /**
   * Faults against truncation at one preemption more than the other pairs; the verb explores all
   * pairs that deep.
   */
  @Test
  void faultsAgainstTruncationHoldAtTwoPreemptions() throws IOException {
    List<NamedScenario> pairs =
        ScenarioCatalog.pairs(Profile.LINUX_5_10).stream()
            .filter(pair ->
                ScenarioCatalog.isFault(pair.left())
                    && (pair.right().startsWith("truncate") || pair.right().startsWith("open"))
                    && !pair.right().equals("truncate-up"))
            .toList();
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new PairSweep(
                Profile.LINUX_5_10,
                LockOrder.MERGED,
                true,
                Explorer.bounded(2),
                new PrintWriter(text))
            .run(pairs, true);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.incomplete()).isZero();
    assertThat(sweep.scenarios()).isGreaterThanOrEqualTo(30);
  }

  /** Every pair of operations, under both orders of the letter. */
  @ParameterizedTest
  @CsvSource({
    "linux-5-10, merged, 1",
    "linux-5-10, posted, 1",
    "series, merged, 1",
    "v4-4, merged, 1"
  })
  void everyPairHolds(String handlers, String order, int preemptions) throws IOException {
    Profile profile = Profile.valueOf(handlers.toUpperCase(Locale.ROOT).replace('-', '_'));
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new PairSweep(
                profile,
                LabOrders.of(order),
                true,
                Explorer.bounded(preemptions),
                new PrintWriter(text))
            .run(ScenarioCatalog.pairs(profile), preemptions > 0);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(sweep.incomplete()).isZero();
    assertThat(sweep.scenarios()).isGreaterThan(150);
  }

  /**
   * A pin outlasts a freeze, under every order of the letter; with one preemption the device is
   * never between its pin and its store.
   */
  @ParameterizedTest
  @ValueSource(strings = {"merged", "posted"})
  void aPinnedPageIsStoredToWhileFrozen(String order) throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new PairSweep(
                Profile.LINUX_5_10,
                LabOrders.of(order),
                true,
                Explorer.bounded(2),
                new PrintWriter(text))
            .run(List.of(ScenarioCatalog.find("gup-store+freeze-thaw").orElseThrow()), true);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(text.toString()).contains("known: R9 (frozen) by");
  }

  /** The known findings that the tests above do not reach. */
  @Test
  void whatIsKnownOfTheSeriesIsFound() throws IOException {
    StringWriter text = new StringWriter();
    SweepResult sweep =
        new PairSweep(
                Profile.SERIES, LockOrder.MERGED, true, Explorer.bounded(2), new PrintWriter(text))
            .run(
                List.of(
                    ScenarioCatalog.find("page-mkwrite+write").orElseThrow(),
                    ScenarioCatalog.find("pmd-write-block+truncate-partly").orElseThrow()),
                true);
    assertThat(sweep.holds()).as(text.toString()).isTrue();
    assertThat(text.toString()).contains("known: S2 by", "known: D1 by");
  }

  /** Each of these scenarios shows damage without dax_sem. */
  @ParameterizedTest
  @CsvSource({
    "fault-vs-truncate, 2, a mapping shows what another file holds",
    "fault-vs-truncate, 2, " + PAST_EOF,
    "read-fault-vs-truncate, 2, a mapping shows what another file holds",
    "pfn-mkwrite-vs-truncate, 2, a mapping shows what another file holds",
    "copy-on-write-vs-truncate, 3, a private copy shows what another file holds",
    "zero-page-vs-truncate, 2, " + PAST_EOF,
    "fault-vs-partial-truncate, 2, " + PAST_EOF,
    "fault-vs-open-truncating, 2, a mapping shows what another file holds",
  })
  void withoutDaxSemDamageIsDone(String name, int preemptions, String damage) throws IOException {
    Exploration result =
        explore(name, Profile.LINUX_5_10, LabOrders.NO_DAX_SEM, Explorer.bounded(preemptions));
    assertThat(result.findings()).extracting(Finding::message).contains(damage);
  }

  /** The same for a page of 2 MiB: hundreds of blocks of another file. */
  @Test
  void withoutDaxSemHugePagesDoMore() throws IOException {
    Exploration result =
        explore("pmd-fault-vs-truncate", Profile.SERIES, LabOrders.NO_DAX_SEM, Explorer.bounded(3));
    assertThat(result.findings())
        .extracting(Finding::message)
        .contains(
            "a mapping shows what another file holds",
            "another file shows what was stored through a mapping");
  }

  /** A finding is shrunk to one switch away and back, and it replays. */
  @Test
  void aFindingIsMinimalAndReplays() throws IOException {
    try (ScenarioRunner runner = ScenarioRunner.open(Profile.LINUX_5_10, LabOrders.NO_DAX_SEM)) {
      NamedScenario scenario = ScenarioCatalog.find("fault-vs-truncate").orElseThrow();
      Finding finding = runner.explore(scenario, Explorer.bounded(1)).findings().getFirst();
      assertThat(finding.message()).isEqualTo(PAST_EOF);
      assertThat(finding.schedule().runs()).hasSizeLessThanOrEqualTo(2);
      assertThat(
              runner.replay(
                  scenario, Explorer.bounded(0), Schedule.parse(finding.schedule().toString())))
          .hasValueSatisfying(again -> assertThat(again.message()).isEqualTo(finding.message()));
      assertThat(runner.replay(scenario, Explorer.bounded(0), Schedule.parse(""))).isEmpty();
    }
  }

  /** Each step names the methods that it is in, which correspond to functions of the kernel. */
  @Test
  void anInterleavingNamesTheMethods() throws IOException {
    Finding finding =
        explore(
                "fault-vs-truncate",
                Profile.LINUX_5_10,
                LabOrders.NO_DAX_SEM,
                Explorer.bounded(1).stoppingAtFirst(true))
            .findings()
            .getFirst();
    assertThat(finding.steps())
        .extracting(step -> step.place().methods())
        .contains("Ext2Inode.size < PteFault.body", "DaxMapping.grab < PteFault.body")
        .anyMatch(where -> where.contains("Truncate."))
        .noneMatch(where -> where.contains("io.pmem4j") || where.contains("lambda"));
    assertThat(Interleaving.text(finding))
        .containsPattern("LOAD i_size .* PteFault.body")
        .containsPattern("down_read mmap_lock .* UserAccess.fault")
        .contains("mutex_lock DAX entry 1 of inode 13")
        .contains("-- A holds mmap_lock, sb_pagefaults -");
    assertThat(Interleaving.html("races", List.of(finding)))
        .contains("<td class=\"where\">DaxMapping.grab &lt; PteFault.body</td>");
  }

  @Test
  void everySpeakingNameIsAPairAndKnown() {
    assertThat(ScenarioCatalog.named())
        .allSatisfy(each -> assertThat(ScenarioCatalog.find(each.name())).contains(each));
    assertThat(ScenarioCatalog.pairs(Profile.LINUX_5_10)).hasSizeGreaterThan(100);
    assertThat(ScenarioCatalog.find("write-hole+truncate-down")).isPresent();
    assertThat(ScenarioCatalog.find("nothing")).isEmpty();
  }
}
