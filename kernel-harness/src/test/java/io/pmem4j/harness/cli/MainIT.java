// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verbs that boot: their verdicts, their exit status, and that nothing is left running. */
@Tag("kernels")
class MainIT {
  @BeforeEach
  void tools() {
    Required.programs("mke2fs", "e2fsck", "qemu-system-x86_64");
  }

  private static List<ProcessHandle> children() {
    return ProcessHandle.current().children().toList();
  }

  @Test
  void anUnknownMutantIsUsageNotASilentPass() {
    Ran ran = Ran.run("conform", "--mutant", "no-such-fault");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("no-such-fault");
  }

  @Test
  void aCommandInTheGuestGivesItsOutputAndItsStatus() {
    Ran uname = Ran.run("guest", "--", "uname", "-r");
    assertThat(uname.out()).contains("5.10");
    assertThat(uname.status()).isZero();
    assertThat(Ran.run("guest", "--", "sh", "-c", "exit 42").status()).isEqualTo(42);
    Ran missing = Ran.run("guest", "--", "no-such-command");
    assertThat(missing.status()).isEqualTo(3);
    assertThat(missing.err()).contains("no-such-command").hasLineCount(1);
    assertThat(children()).isEmpty();
  }

  /**
   * Every block and every answer of this mutant is right, but for a task that is not blocked any
   * more: its lock edges reveal it.
   */
  @Test
  void aModelThatLocksOtherwiseIsCaughtByItsLockEdges(@TempDir Path folder) throws Exception {
    String programs =
        shipped(folder, "g02-hole-write", "g03-store-to-hole", "race-fault-truncate-blocked");
    Ran ran = Ran.run("conform", "--mutant", "no-dax-sem", "--programs", programs, "--json");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out())
        .containsPattern(
            "DIVERGED \\S+: lock edge of the kernel that the model has not: sb_pagefaults ->"
                + " &ei->dax_sem")
        .contains("\"verdict\":\"FAIL\"");
    assertThat(ran.out().lines().filter(line -> line.contains(" differ")))
        .allSatisfy(line -> assertThat(line).contains("blocked T: "));
  }

  @Test
  void aMutantMakesConformFailAndShowsTheOperation(@TempDir Path folder) throws Exception {
    String programs = shipped(folder, "g01-hole-read", "g02-hole-write");
    Ran ran =
        Ran.run("conform", "--mutant", "zero-page-not-replaced", "--programs", programs, "--json");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out())
        .contains("DIVERGED g02-hole-write")
        .contains("pagemap m 0: guest:merged and model differ")
        .contains("\"verdict\":\"FAIL\"");
    assertThat(children()).isEmpty();
  }

  private static String shipped(Path folder, String... programs) throws IOException {
    for (String program : programs) {
      String file = program + ".p4j";
      try (InputStream in = MainIT.class.getResourceAsStream("/programs/" + file)) {
        Files.copy(in, folder.resolve(file));
      }
    }
    return folder.toString();
  }
}
