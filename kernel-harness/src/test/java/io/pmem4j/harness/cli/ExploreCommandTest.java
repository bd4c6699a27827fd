// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options that explore would ignore are refused, and a replay reports its finding. */
@Tag("slow")
class ExploreCommandTest {

  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  @ParameterizedTest
  @CsvSource({
    "nonsense, explore list",
    "fault-vs-truncate --mutant nonsense, no-dax-sem",
    "fault-vs-truncate --mutant block-leak, block-leaked",
    "seeded-faults, explore mutants",
    "mutants --html /tmp/x, --mutant",
    "mutants --mutant no-dax-sem, itself",
    "fault-vs-truncate --order wrong, truncate-mutex-first",
    "fault-vs-truncate --profile v9, linux-5-10",
    "fault-vs-truncate --preemptions -1, --preemptions",
    "fault-vs-truncate --schedule Z9x, Z9x",
    "fault-vs-truncate --html /nonexistent/x, /nonexistent/x",
    "pmd-fault-vs-truncate --profile linux-5-10, 2 MiB",
    "all --schedule A1, one scenario",
    "races --order merged, itself",
  })
  void whatWouldBeIgnoredIsRefused(String arguments, String says) {
    Ran ran = Ran.run(("explore " + arguments).split(" ", -1));
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains(says);
  }

  @Test
  void aScenarioRunsOnAMutant() {
    Ran ran = Ran.run("explore", "write-vs-fsync", "--mutant", "write-without-flush");
    assertThat(ran.status()).as(ran.err()).isEqualTo(1);
    assertThat(ran.out())
        .startsWith("mutant write-without-flush: write(2) flushes nothing")
        .contains("data page 1 is dirty", "explore: FAIL: 1 scenarios");
  }

  @Test
  void namesAreTakenAsTheOutputSpellsThem() {
    Ran ran =
        Ran.run(
            "explore",
            "fault-vs-truncate",
            "--order",
            "NO_DAX_SEM",
            "--profile",
            "V4_4",
            "--preemptions",
            "0");
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(ran.out()).contains("profile V4_4, order no-dax-sem");
  }

  /**
   * The handlers of 5.10 have no PMD faults: scenarios with 2 MiB run with the handlers of the
   * series.
   */
  @Test
  void faultsFor2MiBAreThoseOfTheSeries() {
    Ran ran = Ran.run("explore", "pmd-fault-vs-truncate", "--preemptions", "0");
    assertThat(ran.out()).contains("profile SERIES");
  }

  @Test
  void aReplayReportsLikeAnExploration(@TempDir Path folder) throws Exception {
    Path page = folder.resolve("race.html");
    Ran ran =
        Ran.run(
            "explore",
            "fault-vs-truncate",
            "--order",
            "no-dax-sem",
            "--schedule",
            "A6 B16 A1",
            "--json",
            "--html",
            page.toString());
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out())
        .contains("=> a mapping shows what another file holds", "explore: FAIL: 1 scenarios")
        .contains("\"verdict\":\"FAIL\"", "\"findings\":1");
    assertThat(Files.readString(page)).contains("A holds mmap_lock, sb_pagefaults");
    // One block, from the file that is cut to the one that gets it, and still mapped.
    assertThat(ran.out())
        .contains("LOAD i_size of inode 13: 12288", "STORE i_size of inode 13: from 12288 to 0")
        .containsPattern(
            "STORE new blocks of inode 13: zeroes block (\\d+)(?s:.*)"
                + "STORE page table: page 1 block \\1\\b(?s:.*)frees block [\\d a-z]*\\1\\b(?s:.*)"
                + "STORE block pointers of inode 14: page \\d block \\1\\b(?s:.*)"
                + "=> a mapping shows what another file holds: page 1, block \\1, of the other file")
        .contains("STORE page table: unmaps page 0 to before 5");
    assertThat(Files.readString(page)).contains("from 12288 to 0", "of the other file");
  }

  /** W1 is a livelock: the report shows the beginning of its steps only. */
  @Test
  void ofWhatHasNoEndTheBeginningIsShown(@TempDir Path folder) throws Exception {
    Path page = folder.resolve("page.html");
    Ran ran =
        Ran.run("explore", "page-mkwrite+write", "--profile", "series", "--html", page.toString());
    assertThat(ran.out()).contains("no end under", "... and so on, 1200 steps");
    assertThat(ran.out().lines().count()).isLessThan(300);
    assertThat(Files.readString(page)).contains("... and so on, 1200 steps");
  }

  /** A step of an oracle is marked as such, because the fault handler did not take it. */
  @Test
  void aLookOfTheCheckSaysSo() {
    Ran ran = Ran.run("explore", "pfn-mkwrite-vs-truncate", "--series", "patch1");
    assertThat(ran.out()).contains("LOAD i_size of inode 13: 0 (the check looks, not the handler)");
  }
}
