// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.program.Outcome;
import io.pmem4j.harness.program.Program;
import io.pmem4j.harness.program.ProgramParser;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromiseLogTest {
  private static final byte[] A = {1};
  private static final byte[] B = {2};

  private static Program program(String... lines) throws Exception {
    return ProgramParser.parse("t", "title t\n" + String.join("\n", lines) + "\n");
  }

  private static PromiseLog log(Program program, Map<String, byte[]> first, int failing)
      throws Exception {
    PromiseLog log = new PromiseLog(first);
    for (int i = 0; i < program.steps().size(); i++) {
      Outcome outcome =
          i == failing
              ? Outcome.builder().value("result", -1).value("errno", "EIO").build()
              : Outcome.of(0);
      log.add(program.steps().get(i).operation(), outcome, Map.of("/f", B));
    }
    return log;
  }

  @Test
  void fsyncPromisesWhenItHasReturned() throws Exception {
    PromiseLog log = log(program("open f /f rw", "pwrite f 0 x02", "fsync f"), Map.of("/f", A), -1);
    assertThat(log.at(2, 2).broken(Map.of("/f", A))).isEmpty();
    assertThat(log.at(3, 3).broken(Map.of("/f", A))).isPresent();
  }

  @Test
  void aFailedFsyncPromisesNothing() throws Exception {
    PromiseLog log = log(program("open f /f rw", "pwrite f 0 x02", "fsync f"), Map.of("/f", A), 2);
    assertThat(log.at(3, 3).broken(Map.of("/f", A))).isEmpty();
  }

  /** Linux marks a page clean that could not be written, and tells of it once. */
  @Test
  void aSyncAfterAFailedOnePromisesWhatWasStoredSince() throws Exception {
    Program program =
        program(
            "open f /f rw", "pwrite f 0 x41", "fsync f", "fsync f", "pwrite f 4096 x42", "fsync f");
    PromiseLog log = new PromiseLog(Map.of("/f", new byte[8192]));
    byte[] content = new byte[8192];
    for (int i = 0; i < program.steps().size(); i++) {
      content = content.clone();
      content[0] = (byte) (i > 0 ? 0x41 : 0);
      content[4096] = (byte) (i > 3 ? 0x42 : 0);
      Outcome outcome =
          i == 2
              ? Outcome.builder().value("result", -1).value("errno", "ENOSPC").build()
              : Outcome.of(0);
      log.add(program.steps().get(i).operation(), outcome, Map.of("/f", content));
    }
    byte[] second = new byte[8192];
    second[4096] = 0x42;
    assertThat(log.at(4, 4).broken(Map.of("/f", new byte[8192]))).isEmpty();
    assertThat(log.at(6, 6).broken(Map.of("/f", second))).isEmpty();
    assertThat(log.at(6, 6).broken(Map.of("/f", new byte[8192]))).isPresent();
  }

  @Test
  void aSynchronousWritePromisesItself() throws Exception {
    PromiseLog log = log(program("open f /f rw sync", "pwrite f 0 x02"), Map.of("/f", A), -1);
    assertThat(log.at(1, 1).broken(Map.of("/f", A))).isEmpty();
    assertThat(log.at(2, 2).broken(Map.of("/f", A))).isPresent();
  }

  /** A store to another byte, through a mapping, is not written back. */
  @Test
  void aSynchronousWritePromisesNoOtherByte() throws Exception {
    Program program =
        program("open f /f rw sync", "mmap m f 0 1P rw shared", "store m 1 x03", "pwrite f 0 x02");
    for (Map<String, byte[]> first : List.of(Map.of("/f", new byte[2]), Map.<String, byte[]>of())) {
      PromiseLog log = new PromiseLog(first);
      int step = 0;
      for (byte[] content : new byte[][] {{0, 0}, {0, 0}, {0, 3}, {2, 3}}) {
        log.add(program.steps().get(step++).operation(), Outcome.of(0), Map.of("/f", content));
      }
      for (byte other : new byte[] {0, 3}) {
        assertThat(log.at(4, 4).broken(Map.of("/f", new byte[] {2, other}))).isEmpty();
      }
      assertThat(log.at(4, 4).broken(Map.of("/f", new byte[] {0, 3}))).isPresent();
      assertThat(log.at(4, 4).broken(Map.of("/f", new byte[] {2, 4}))).isPresent();
    }
  }

  @Test
  void syncCountsFromTheFence() throws Exception {
    PromiseLog log = log(program("open f /f rw creat 0644", "sync"), Map.of(), -1);
    assertThat(log.at(2, 1).broken(Map.of())).isEmpty();
    assertThat(log.at(2, 2).broken(Map.of())).isPresent();
    assertThat(log.paths()).containsExactly("/f");
  }

  @Test
  void anUnlinkThatRunsMayHaveHappened() throws Exception {
    PromiseLog log = log(program("unlink /f"), Map.of("/f", B), -1);
    assertThat(log.at(0, 0).broken(Map.of())).isEmpty();
  }

  /** Its size counts from the next fence on. */
  @Test
  void truncationOfAFileWithTheAttributeSPromisesItsContent() throws Exception {
    PromiseLog log =
        log(
            program("open f /f rw", "setflags /f 8", "pwrite f 0 x02", "setflags /f 0"),
            Map.of("/f", A),
            -1);
    assertThat(log.at(3, 3).versions().get("/f")).hasSize(1);
    assertThat(log.at(3, 2).versions().get("/f")).hasSize(2);
    PromiseLog without =
        log(program("open f /f rw", "setflags /f 0", "pwrite f 0 x02"), Map.of("/f", A), -1);
    assertThat(without.at(3, 3).versions().get("/f")).hasSize(2);
  }
}
