// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code crash FILE.p4j} without a kernel. */
class ProgramCrashTest {
  private static final String PROGRAM =
      """
      id    T1
      title a synced file
      rows  C.4:sync

      open   f /a rw creat 0644
      pwrite f 0 x41*100
      fsync  f
      open   d / ro
      fsync  d
      """;

  @TempDir Path folder;

  @Test
  void aProgramRunsOnTheModel() throws Exception {
    Required.programs("mke2fs", "e2fsck");
    Path file = Files.writeString(folder.resolve("synced.p4j"), PROGRAM);
    for (String[] on : new String[][] {{}, {"--on=model"}}) {
      Ran ran = Ran.run("crash", file.toString(), "--at-most=4", on.length == 0 ? "--json" : on[0]);
      assertThat(ran.status()).as(ran.err()).isZero();
      assertThat(ran.out()).contains("crash: PASS on model: 1 programs").contains("holds");
    }
  }

  @Test
  void whatIsNoProgramOfOneProcessIsRefused() throws Exception {
    Path cut = Files.writeString(folder.resolve("cut.p4j"), PROGRAM + "cut lossy 1\n");
    Ran ran = Ran.run("crash", cut.toString());
    assertThat(ran.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ran.err()).contains("cuts the power itself");
    Ran order = Ran.run("crash", cut.toString(), "--order=linux");
    assertThat(order.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(order.err()).contains("programs take none of --all, --order and --inside-mount");
    Ran other = Ran.run("crash", cut.toString(), "--on=host:/tmp");
    assertThat(other.err()).contains("expected model or guest:KERNEL");
  }
}
