// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.harness.Required;
import io.pmem4j.harness.conform.Backends;
import io.pmem4j.harness.conform.Conformance;
import io.pmem4j.harness.conform.ProgramResult;
import io.pmem4j.harness.program.ProgramParser;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An operation of the model that no other task can end is a finding, not a hang of the run. */
class LoneTaskSchedulerTest {
  @ParameterizedTest
  @CsvSource({
    "freeze,            pwrite f 0 x41,    FreezeGate",
    "flock f exclusive, flock g exclusive, FileLock"
  })
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void anEndlessWaitIsAFinding(String before, String waits, String blocker) throws Exception {
    Required.programs("mke2fs", "e2fsck");
    try (Backends backends = Backends.open(List.of("model"), Scheduler.production())) {
      ProgramResult result =
          new Conformance(backends)
              .run(
                  ProgramParser.parse(
                      "waits",
                      "open f /a rw creat\nopen g /a rw\n" + before + "\n" + waits + "\n"));
      assertThat(result.findings())
          .containsExactly(
              "model: HANG: model: "
                  + waits
                  + ": waits for ever for "
                  + blocker
                  + ": no other task runs");
    }
  }
}
