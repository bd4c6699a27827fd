// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.SharedState;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
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

  /** Two tasks that change words of their own, which no check minds. */
  private static CrashScenario twoWords(AtomicLong judged) {
    return CrashScenario.of(
        4096,
        CrashMode.X86,
        (memory, scheduler) -> {
          SharedState shared = new SharedState(scheduler, Kind.SHARED);
          return List.of(
              new Scenario.Task("left", () -> storeWords(memory, shared, 0)),
              new Scenario.Task("right", () -> storeWords(memory, shared, 1024)));
        },
        (memory, acknowledged) -> {
          judged.incrementAndGet();
          memory.getLong(0);
          memory.getLong(1024);
        });
  }

  private enum Kind {
    SHARED
  }

  private static void storeWords(PersistentMemory memory, SharedState shared, long base) {
    for (int i = 0; i < 6; i++) {
      memory.putLong(base + i * 64, i + 1);
    }
    shared.store();
    memory.persist(base, 6 * 64);
  }

  @Test
  void aLimitOfStatesIsOneOfEachPoint() {
    AtomicLong all = new AtomicLong();
    AtomicLong some = new AtomicLong();
    Explorer explorer = Explorer.bounded(1);
    CrashScenario scenario = twoWords(all).switchingAtLocks();
    assertThat(explorer.explore(scenario).findings()).isEmpty();
    assertThat(explorer.explore(twoWords(some).switchingAtLocks().atMost(20)).findings()).isEmpty();
    // States that the check cannot tell apart are judged once.
    assertThat(some.get()).isPositive().isLessThanOrEqualTo(all.get());
    assertThatIllegalArgumentException().isThrownBy(() -> twoWords(some).atMost(1));
  }

  @Test
  void tasksThatSwitchAtLocksHaveFewerInterleavings() {
    Explorer explorer = Explorer.bounded(1);
    long inMemory = explorer.explore(twoWords(new AtomicLong())).schedules();
    long atLocks = explorer.explore(twoWords(new AtomicLong()).switchingAtLocks()).schedules();
    assertThat(atLocks).isLessThan(inMemory).isGreaterThan(1);
  }

  /** Code that stores inside a monitor, where a task cannot stop. */
  @Test
  void tasksThatSwitchAtLocksMayStoreInsideAMonitor() {
    Object monitor = new Object();
    CrashScenario scenario =
        CrashScenario.of(
            4096,
            CrashMode.X86,
            (memory, scheduler) -> {
              Mutex mutex = new Mutex(scheduler, "mutex");
              Scenario.Task task =
                  new Scenario.Task(
                      "task",
                      () -> {
                        try (var _ = mutex.lock()) {
                          synchronized (monitor) {
                            memory.putLong(0, 1);
                            memory.persist(0, 8);
                          }
                        }
                      });
              return List.of(task, new Scenario.Task("other", task.body()));
            },
            (memory, acknowledged) -> {});
    assertThat(Explorer.bounded(1).explore(scenario.switchingAtLocks()).findings()).isEmpty();
  }

  /** A trace that has passed passes again; one that has not is judged each time it comes. */
  @Test
  void aBrokenTraceIsBrokenEachTime() {
    CrashScenario scenario = copyOfPublished(false);
    assertThat(Explorer.bounded(2).explore(scenario).findings()).isNotEmpty();
    assertThat(Explorer.bounded(2).explore(scenario).findings()).isNotEmpty();
  }

  @Test
  void byTheCheckAloneADependenceIsNoFinding() {
    Exploration exploration = Explorer.bounded(2).explore(copyOfPublished(false).byCheckAlone());
    assertThat(exploration.findings()).isEmpty();
    assertThat(exploration.schedules()).isGreaterThan(2);
  }
}
