// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Finding;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two inodes that allocate in one group at the same time, with reservation windows. */
@Tag("explorer")
class ReservationExplorationTest {
  /** Twenty blocks are free: fewer than two windows of the size that the writes ask for. */
  private static final String FILES =
      """
      scope ext2
      image 8m group=256
      mount reservation

      open      a /a rw creat
      open      b /b rw creat
      open      c /c rw creat
      ftruncate b 4P
      mmap      m b 0 4P rw shared
      pwrite    c 0 x43*4096
      fork      A
      fork      B
      """;

  private static final String END =
      """
      pread     a 0 8192
      pread     b 0 8192
      fstat     a
      fstat     b
      """;

  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static Exploration explore(String operations) throws IOException, ProgramSyntaxException {
    return TwoTasks.explore(FILES, operations, END, false);
  }

  /** Each is complete at two preemptions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pwrite a 0 x41*8192 | pwrite b 0 x42*8192",
        "pwrite a 0 x41*8192 | store m 0 x42",
        "pwrite a 0 x41*8192 | close c",
        "pwrite a 0 x41*8192 | ftruncate c 0",
        "store m 0 x42 | setxattr /b user.x x41"
      })
  void allocationsInOneGroupAgree(String operations) throws Exception {
    Exploration result = explore(operations);
    assertThat(result.findings()).isEmpty();
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(10);
  }

  @Test
  @OnMutant("windows-without-lock")
  void windowsThatArePlacedWithoutTheLockOverlap() throws Exception {
    Exploration result = explore("pwrite a 0 x41*8192 | pwrite b 0 x42*8192");
    assertThat(result.findings())
        .extracting(Finding::message)
        .anyMatch(message -> message.contains("windows overlap"));
  }
}
