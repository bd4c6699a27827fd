// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.explore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Finding;
import io.pmem4j.harness.OnMutant;
import io.pmem4j.harness.Required;
import io.pmem4j.harness.program.ProgramSyntaxException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two tasks on a file without DAX: pages, their locks and blocks. */
@Tag("explorer")
class CachedFileExplorationTest {
  /** Page 2 is dirty and has no block yet. */
  private static final String FILES =
      """
      scope ext2
      image 8m group=256
      mount nodax

      open      f /f rw creat
      open      p /p rw creat append
      pwrite    f 0 x61*4096
      fsync     f
      ftruncate f 3P
      mmap      m f 0 3P rw shared
      store     m 2P x62
      fork      A
      fork      B
      """;

  @BeforeAll
  static void tools() {
    Required.programs("mke2fs", "e2fsck");
  }

  private static Exploration explore(String operations, String after)
      throws IOException, ProgramSyntaxException {
    return TwoTasks.explore(FILES, operations, after.replace("; ", "\n") + "\n", true);
  }

  /** Each is complete at two preemptions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "fsync f | ftruncate f 0 => fstat f => size=0 blocks=0",
        "fsync f | ftruncate f 2P+10 => fsync f; pread f 2P 2 => data=6200",
        "sync | ftruncate f 1P => fstat f => size=4096 blocks=8",
        "fsync f | store m 0 x63 => pread f 0 1 => data=63",
        "pwrite f 0 x64*8192 | store m 1P+9 x63 => load m 0 1 => data=64",
        "pwrite p 0 x65*5000 | pwrite p 0 x66*5000 => fstat p => size=10000 blocks=24",
        "store m 1P x63 | ftruncate f 100 => load m 1P 1 => result=-1",
        "load m 2P 1 | ftruncate f 0 => load m 2P 1 => result=-1",
        "pread f 0 12288 | ftruncate f 1P => pread f 4095 9 => data=61",
        "store m 1P x63 | store m 1P+1 x64 => pread f 1P 2 => data=6364",
        "fsync f | fsync f => fstat f => blocks=16"
      })
  void tasksOnPagesAgree(String text) throws Exception {
    String[] parts = text.split(" => ", 2);
    Exploration result = explore(parts[0], parts[1]);
    assertThat(result.findings()).isEmpty();
    assertThat(result.complete()).isTrue();
    assertThat(result.schedules()).isGreaterThan(5);
  }

  @Test
  @OnMutant("page-fault-looks-at-size-once")
  void aFaultThatDoesNotLookAtTheSizeUnderTheLockMapsAPagePastTheEnd() throws Exception {
    Exploration result = explore("load m 1P 1 | ftruncate f 0", "load m 1P 1 => result=-1");
    assertThat(result.findings()).isNotEmpty();
  }

  @Test
  @OnMutant("page-lock-without-check")
  void aPageThatLeftTheFileWhileItsLockWasAwaitedIsNotTheFiles() throws Exception {
    Exploration result = explore("pwrite f 2P x63*10 | ftruncate f 1P", "fstat f; pread f 2P 1");
    Exploration store = explore("store m 0 x63 | ftruncate f 0", "load m 0 1 => result=-1");
    assertThat(List.of(result, store))
        .flatExtracting(Exploration::findings)
        .extracting(Finding::message)
        .isNotEmpty();
  }
}
