// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Mutex;
import java.util.List;
import org.junit.jupiter.api.Test;

class CrashScenarioTest {
  /** One task publishes a value; the other copies what it sees and makes the copy durable. */
  private static CrashScenario copyOfPublished(boolean locked) {
    return CrashScenario.of(
        4096,
        CrashMode.X86,
        (memory, scheduler) -> {
          Mutex mutex = new Mutex(scheduler, "mutex");
          return List.of(
              new Scenario.Task("writer", () -> with(mutex, locked, () -> write(memory))),
              new Scenario.Task("copier", () -> with(mutex, locked, () -> copy(memory))));
        },
        (memory, acknowledged) -> {});
  }

  private static void with(Mutex mutex, boolean locked, Runnable body) {
    if (locked) {
      mutex.lock();
    }
    try {
      body.run();
    } finally {
      if (locked) {
        mutex.unlock();
      }
    }
  }

  private static void write(PersistentMemory memory) {
    memory.putLong(0, 7);
    memory.persist(0, 8);
  }

  private static void copy(PersistentMemory memory) {
    memory.publishLong(64, memory.getLongAcquire(0));
  }

  @Test
  void aThreadThatMakesDurableWhatAnotherHasNotPersistedIsFound() {
    Exploration exploration = Explorer.bounded(2).explore(copyOfPublished(false));
    assertThat(exploration.findings()).isNotEmpty();
    assertThat(exploration.findings().get(0).message())
        .contains("depends on the store at CrashScenarioTest.java:")
        .contains("which is not durable");
  }

  @Test
  void aLockThatCoversThePersistIsClean() {
    Exploration exploration = Explorer.bounded(2).explore(copyOfPublished(true));
    assertThat(exploration.findings()).isEmpty();
    assertThat(exploration.complete()).isTrue();
    assertThat(exploration.schedules()).isGreaterThan(3);
  }

  /** Two tasks append without a lock: both may take the same place, and one entry is lost. */
  @Test
  void crashStatesAreCheckedInEachInterleaving() {
    CrashScenario appends =
        CrashScenario.of(
            4096,
            CrashMode.X86,
            (memory, scheduler) ->
                List.of(
                    new Scenario.Task("left", () -> append(memory, 1)),
                    new Scenario.Task("right", () -> append(memory, 2))),
            (memory, acknowledged) -> {
              long entries = memory.getLong(0);
              for (int n = 0; n < entries; n++) {
                if (memory.getLong(64 + 64 * n) == 0) {
                  throw new IllegalStateException("entry lost");
                }
              }
              if (entries < acknowledged.get("left") + acknowledged.get("right")) {
                throw new IllegalStateException("acknowledged entry lost");
              }
            });
    Exploration exploration = Explorer.bounded(2).explore(appends);
    assertThat(exploration.findings())
        .anySatisfy(finding -> assertThat(finding.message()).contains("acknowledged entry lost"));
  }

  private static void append(RecordedMemory memory, long value) {
    long entries = memory.getLong(0);
    memory.putLong(64 + 64 * entries, value);
    memory.persist(64 + 64 * entries, 8);
    memory.publishLong(0, entries + 1);
    memory.acknowledge(value == 1 ? "left" : "right", 1);
  }
}
