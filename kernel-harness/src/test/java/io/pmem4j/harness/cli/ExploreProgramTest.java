// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program file with tasks is explored, and its expectations are the oracle. */
class ExploreProgramTest {
  private static final String PROGRAM =
      """
      image 8m

      open a /a rw creat
      open b /b rw creat
      pwrite a 0 x61*4096
      mmap m a 0 1P rw shared
      fork A
      fork B
      begin A store m 0 x4c
      begin B ftruncate a 0
      await A
      await B => result=0
      pwrite b 0 x62*4096
      in A load m 0 1 => signal=SIGBUS/2@m+0
      pread b 0 1 => data=62
      """;

  @TempDir Path folder;

  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private Ran explore(String text, String... options) throws IOException {
    Path file = Files.writeString(folder.resolve("fault-and-truncate.p4j"), text);
    String[] arguments = new String[2 + options.length];
    arguments[0] = "explore";
    arguments[1] = file.toString();
    System.arraycopy(options, 0, arguments, 2, options.length);
    return Ran.run(arguments);
  }

  @Test
  void itHoldsInEveryInterleavingUnderTheMergedOrder() throws IOException {
    Ran ran = explore(PROGRAM, "--preemptions", "1");
    assertThat(ran.status()).as(ran.out() + ran.err()).isZero();
    assertThat(ran.out())
        .containsPattern("fault-and-truncate +[1-9]\\d+ schedules .* complete, nothing found");
  }

  @Test
  void withoutDaxSemItsExpectationFailsAndTheScheduleReplays() throws IOException {
    Ran ran = explore(PROGRAM, "--preemptions", "1", "--order", "no-dax-sem");
    assertThat(ran.status()).as(ran.out() + ran.err()).isEqualTo(1);
    assertThat(ran.out())
        .contains("line 14: in A load m 0 1: signal=SIGBUS/2@m+0 expected, found {result=1");
    String schedule = ran.out().replaceAll("(?s).*?((?:[AB]\\d+ )+[AB]\\d+).*", "$1");
    Ran again = explore(PROGRAM, "--order", "no-dax-sem", "--schedule", schedule);
    assertThat(again.status()).as(schedule + "\n" + again.out() + again.err()).isEqualTo(1);
    assertThat(again.out()).contains("line 14: in A load m 0 1");
  }

  @Test
  void anOperationThatTheModelLacksIsRefusedByLine() throws IOException {
    Ran ran = explore(PROGRAM.replace("pread b 0 1 => data=62", "power-cut"));
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("fault-and-truncate:15: the model lacks power cuts");
  }

  @Test
  void aProgramWithoutTasksIsRefused() throws IOException {
    Ran ran = explore("open a /a rw creat\n");
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("0 children begin an operation, expected 2 or 3");
  }

  @Test
  void aProgramIsNotExported() throws IOException {
    Ran ran = explore(PROGRAM, "--emit", folder.toString());
    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err()).contains("--emit is for scenarios");
  }
}
