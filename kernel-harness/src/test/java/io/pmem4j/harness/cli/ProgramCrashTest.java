// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    for (String option : List.of("--json", "--on=model", "--order=ordered")) {
      Ran ran = Ran.run("crash", file.toString(), "--at-most=4", option);
      assertThat(ran.status()).as(ran.err()).isZero();
      assertThat(ran.out()).contains("crash: PASS on model: 1 programs").contains("holds");
    }
  }

  /** A page cache and small blocks; what a folder has beside it is shown and left out. */
  @Test
  void aFolderRunsOnOtherMountsAndBlocks() throws Exception {
    Required.programs("mke2fs", "e2fsck");
    Files.writeString(folder.resolve("synced.p4j"), PROGRAM);
    Files.writeString(folder.resolve("cut.p4j"), PROGRAM + "cut lossy 1\n");
    Ran ran =
        Ran.run("crash", folder.toString(), "--at-most=2", "--mount=nodax", "-b=1024", "--json");
    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(ran.out())
        .containsPattern("cut +not run: line 10 \\(cut lossy 1\\) cuts the power itself")
        .contains("crash: PASS on model: 1 programs, 1 not run")
        .contains("\"notRun\":1");
    Ran size = Ran.run("crash", folder.toString(), "-b=3000");
    assertThat(size.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(size.err()).contains("blocksize must be 1024, 2048 or 4096");
    Ran workload = Ran.run("crash", "create", "-b=1024");
    assertThat(workload.err()).contains("--block-size are for programs");
  }

  @Test
  void whatIsNoProgramOfOneProcessIsRefused() throws Exception {
    Path cut = Files.writeString(folder.resolve("cut.p4j"), PROGRAM + "cut lossy 1\n");
    Ran ran = Ran.run("crash", cut.toString());
    assertThat(ran.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ran.err()).contains("cuts the power itself");
    Ran inside = Ran.run("crash", cut.toString(), "--inside-mount");
    assertThat(inside.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(inside.err()).contains("programs take neither --all nor --inside-mount");
    Ran order = Ran.run("crash", cut.toString(), "--order=ordered", "--on=guest:merged");
    assertThat(order.err()).contains("guest:merged has the order of Linux");
    Ran other = Ran.run("crash", cut.toString(), "--on=host:/tmp");
    assertThat(other.err()).contains("expected model or guest:KERNEL");
  }
}
