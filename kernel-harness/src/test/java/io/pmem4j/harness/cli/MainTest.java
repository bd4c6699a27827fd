// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad input: one clear line on stderr, the right exit status. */
class MainTest {
  private static Path program(Path folder, String text) throws Exception {
    return Files.writeString(folder.resolve("program.p4j"), text);
  }

  @Test
  void anUnknownVerbNamesTheVerbs() {
    Ran ran = Ran.run("frobnicate");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("frobnicate").contains("conform").contains("kernel");
  }

  @Test
  void noVerbIsUsage() {
    assertThat(Ran.run().status()).isEqualTo(2);
  }

  @Test
  void anUnknownKernelNamesTheKernels() {
    Ran ran = Ran.run("conform", "--kernel", "nonesuch");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("nonesuch").contains("merged").hasLineCount(1);
  }

  @Test
  void aMissingProgramIsOneLine(@TempDir Path folder) {
    Ran ran = Ran.run("run", folder.resolve("absent.p4j").toString());
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("absent.p4j").contains("no such file").hasLineCount(1);
  }

  @Test
  void anUnknownOperationIsOneLineWithItsPlace(@TempDir Path folder) throws Exception {
    Ran ran = Ran.run("run", program(folder, "sync\nfly f\n").toString());
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("program.p4j:2: unknown operation 'fly'").hasLineCount(1);
  }

  @Test
  void anUnknownBackendNamesTheBackends(@TempDir Path folder) throws Exception {
    Ran ran = Ran.run("run", program(folder, "sync\n").toString(), "--on", "model,moon");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("moon").contains("model");
  }

  @Test
  void twoKernelsThatTheModelCannotBothFollowAreRefused(@TempDir Path folder) throws Exception {
    Ran ran =
        Ran.run(
            "run", program(folder, "sync\n").toString(), "--on", "model,guest:merged,guest:series");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("merged, series").hasLineCount(1);
  }

  @Test
  void theKernelsAreListedWithTheirBootArgument() {
    Ran ran = Ran.run("kernel", "list");
    assertThat(ran.status()).isZero();
    assertThat(ran.out()).contains("merged").contains("ext2.lab=unlocked").contains("SERIES");
  }

  @Test
  void everyVerbExplainsItself() {
    for (String verb : new String[] {"conform", "run", "kernel", "guest"}) {
      Ran ran = Ran.run(verb, "--help");
      assertThat(ran.status()).isZero();
      assertThat(ran.out()).contains(verb);
    }
  }

  @Test
  void aBrokenExpectationIsAFinding(@TempDir Path folder) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    Ran ran =
        Ran.run(
            "run", program(folder, "open f /a rw creat\nfstat f => size=1\n").toString(), "--json");
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out()).contains("model misses size=1");
    assertThat(ran.out().lines().toList().getLast())
        .contains("\"verdict\":\"FAIL\"")
        .contains("\"diverged\":1");
  }
}
