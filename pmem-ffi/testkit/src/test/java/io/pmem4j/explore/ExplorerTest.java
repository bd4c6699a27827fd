// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.RwSemaphore;
import io.pmem4j.sched.Scheduler;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The findings of the explorer. */
class ExplorerTest {
  @Test
  void aLostUpdateNeedsOnePreemption() {
    Exploration none = Explorer.bounded(0).explore(Programs.lostUpdate());
    assertThat(none.complete()).isTrue();
    assertThat(none.findings()).isEmpty();

    Exploration one = Explorer.bounded(1).explore(Programs.lostUpdate());
    assertThat(one.complete()).isTrue();
    Finding finding = one.findings().getFirst();
    assertThat(one.findings()).hasSize(1);
    assertThat(finding.kind()).isEqualTo(Finding.Kind.CHECK_FAILED);
    assertThat(finding.message()).isEqualTo("counter is 1");
    assertThat(finding.schedule().runs()).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void aScheduleIsShortenedUnlessNobodyReadsIt() {
    Explorer random = Explorer.random(1, 200).stoppingAtFirst(true);
    Exploration shortened = random.explore(Programs.lostUpdate());
    Exploration met = random.shrinking(false).explore(Programs.lostUpdate());
    Finding found = met.findings().getFirst();
    assertThat(met.schedules()).isEqualTo(shortened.schedules());
    assertThat(shortened.findings().getFirst().sameAs(found)).isTrue();
    assertThat(found.schedule().runs())
        .hasSizeGreaterThan(shortened.findings().getFirst().schedule().runs().size());
    assertThat(Explorer.bounded(0).replay(Programs.lostUpdate(), found.schedule())).isPresent();
  }

  @Test
  void aFindingReplays() {
    Finding finding = Explorer.bounded(1).explore(Programs.lostUpdate()).findings().getFirst();
    Schedule written = Schedule.parse(finding.schedule().toString());
    assertThat(Explorer.bounded(0).replay(Programs.lostUpdate(), written))
        .hasValueSatisfying(again -> {
          assertThat(again.message()).isEqualTo(finding.message());
          assertThat(again.steps()).isEqualTo(finding.steps());
        });
    assertThat(Explorer.bounded(0).replay(Programs.lostUpdate(), Schedule.parse(""))).isEmpty();
  }

  private static Scenario twoMutexes(boolean sameOrder) {
    return scheduler -> {
      Mutex a = new Mutex(scheduler, "a");
      Mutex b = new Mutex(scheduler, "b");
      return Programs.run(
          () -> {},
          new Scenario.Task("left", () -> both(a, b)),
          new Scenario.Task("right", () -> both(sameOrder ? a : b, sameOrder ? b : a)));
    };
  }

  private static void both(Mutex first, Mutex second) {
    try (var _ = first.lock();
        var _ = second.lock()) {
      second.assertHeld();
    }
  }

  @Test
  void aDeadlockIsFoundAndNamesWhoWaitsForWhat() {
    for (Explorer explorer :
        new Explorer[] {Explorer.bounded(1), Explorer.exhaustive(), Explorer.random(1, 2000)}) {
      Exploration found = explorer.explore(twoMutexes(false));
      assertThat(found.findings())
          .singleElement()
          .satisfies(finding -> {
            assertThat(finding.kind()).isEqualTo(Finding.Kind.DEADLOCK);
            assertThat(finding.message())
                .isEqualTo("left waits for Mutex b; right waits for Mutex a");
          });
      assertThat(explorer.explore(twoMutexes(true)).findings()).isEmpty();
    }
  }

  /** Linux's fairness: the second down_read queues behind the writer, which waits for the first. */
  @Test
  void aSharedLockTakenAgainBehindAWriterIsFound() {
    Scenario again =
        scheduler -> {
          RwSemaphore lock = new RwSemaphore(scheduler, "mmap_lock");
          return Programs.run(
              () -> {},
              new Scenario.Task(
                  "fault",
                  () -> {
                    try (var _ = lock.shared();
                        var _ = lock.shared()) {
                      lock.assertHeld();
                    }
                  }),
              new Scenario.Task(
                  "mmap",
                  () -> {
                    try (var _ = lock.exclusive()) {
                      lock.assertHeldExclusively();
                    }
                  }));
        };
    assertThat(Explorer.bounded(1).explore(again).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).contains("behind a waiting writer"));
  }

  private static Scenario guarded() {
    return scheduler -> {
      Mutex mutex = new Mutex(scheduler, "mutex");
      Programs.Cell counter = new Programs.Cell(scheduler, "counter");
      Scenario.Body add =
          () -> {
            try (var _ = mutex.lock()) {
              counter.store(counter.load() + 1);
            }
          };
      return Programs.run(
          () -> assertThat(counter.load()).isEqualTo(2),
          new Scenario.Task("left", add),
          new Scenario.Task("right", add));
    };
  }

  @Test
  void aLockGuardsACounter() {
    assertThat(Explorer.exhaustive().explore(guarded()).findings()).isEmpty();
  }

  @Test
  void aTaskThatThrowsIsAFinding() {
    Scenario throwing =
        scheduler ->
            Programs.run(
                () -> {},
                new Scenario.Task(
                    "bad",
                    () -> {
                      throw new IllegalStateException("broken");
                    }));
    assertThat(Explorer.bounded(0).explore(throwing).findings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.kind()).isEqualTo(Finding.Kind.TASK_FAILED);
          assertThat(finding.message()).contains("bad", "broken");
        });
  }

  /** Else one failure fills the list, and the exploration ends before it is complete. */
  @Test
  void aFailureThatNamesItsTaskIsOneFinding() {
    Object point = new Object();
    Scenario throwing =
        scheduler ->
            Programs.run(
                () -> {},
                new Scenario.Task(
                    "good",
                    () -> {
                      for (int i = 0; i < 40; i++) {
                        scheduler.yieldPoint(Scheduler.Point.STEP, point);
                      }
                    }),
                new Scenario.Task(
                    "bad",
                    () -> {
                      throw new IllegalStateException("broken: " + scheduler.currentTask());
                    }));
    Exploration result = Explorer.bounded(1).explore(throwing);
    assertThat(result.schedules()).isGreaterThan(40);
    assertThat(result.complete()).isTrue();
    assertThat(result.findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).contains("broken: bad"));
  }

  @Test
  void aLoopWithoutEndIsAFinding() {
    Scenario endless =
        scheduler -> {
          Programs.Cell flag = new Programs.Cell(scheduler, "flag");
          return Programs.run(() -> {}, new Scenario.Task("spins", () -> alwaysAgain(flag)));
        };
    assertThat(Explorer.bounded(0).withMaxSteps(100).explore(endless).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.kind()).isEqualTo(Finding.Kind.ENDLESS));
  }

  /** Its first steps say how it goes on; a thousand more say nothing. */
  @Test
  void ofWhatHasNoEndTheBeginningIsShown() {
    Scenario endless =
        Programs.inWords(scheduler -> {
          Programs.Cell flag = new Programs.Cell(scheduler, "flag");
          return Programs.run(() -> {}, new Scenario.Task("spins", () -> alwaysAgain(flag)));
        });
    Finding finding = annotated(Explorer.bounded(0).withMaxSteps(1000), endless);
    assertThat(Interleaving.text(finding))
        .contains("  80  LOAD flag: 0", "... and so on, 1000 steps")
        .doesNotContain("  81  ");
    assertThat(Interleaving.html("no end", List.of(finding)))
        .contains("<td>80</td>", "... and so on, 1000 steps")
        .doesNotContain("<td>81</td>");
  }

  /** The first finding, with what its steps read and wrote. */
  private static Finding annotated(Explorer explorer, Scenario scenario) {
    Finding finding = explorer.explore(scenario).findings().getFirst();
    return explorer.annotate(scenario, finding, _ -> true);
  }

  private static void alwaysAgain(Programs.Cell flag) {
    while (flag.load() == 0) {
      // until another task sets it, which none does
    }
  }

  /** A task sleeps on while its wake condition holds, because unpark was not called. */
  @ParameterizedTest
  @CsvSource({"true, 0", "false, 1"})
  void whoIsNotCalledSleepsOn(boolean calls, int findings) {
    Scenario scenario =
        scheduler -> {
          AtomicInteger flag = new AtomicInteger();
          AtomicReference<Object> waiting = new AtomicReference<>();
          Scenario.Task waits =
              new Scenario.Task(
                  "waits",
                  () -> {
                    waiting.set(scheduler.currentTask());
                    scheduler.yieldPoint(Scheduler.Point.STEP, "about to wait");
                    scheduler.park("the flag", () -> flag.get() == 1);
                  });
          Scenario.Task sets =
              new Scenario.Task(
                  "sets",
                  () -> {
                    flag.set(1);
                    Object who = waiting.get();
                    if (calls && who != null) {
                      scheduler.unpark(who);
                    }
                  });
          return Programs.run(() -> {}, waits, sets);
        };
    Exploration result = Explorer.bounded(2).explore(scenario);
    assertThat(result.complete()).isTrue();
    assertThat(result.findings()).hasSize(findings);
    assertThat(result.findings())
        .allSatisfy(finding -> {
          assertThat(finding.kind()).isEqualTo(Finding.Kind.DEADLOCK);
          assertThat(finding.message()).isEqualTo("waits waits for the flag");
        });
  }

  @Test
  void aScenarioThatIsNotDeterministicIsAFinding() {
    AtomicInteger runs = new AtomicInteger();
    Scenario odd =
        scheduler -> {
          int extra = runs.getAndIncrement() % 2;
          Scenario.Body steps =
              () -> {
                for (int i = 0; i < 2 + extra; i++) {
                  scheduler.yieldPoint(Scheduler.Point.STEP, "x");
                }
              };
          return Programs.run(
              () -> {}, new Scenario.Task("a", steps), new Scenario.Task("b", steps));
        };
    assertThat(Explorer.bounded(1).explore(odd).findings())
        .anySatisfy(
            finding -> assertThat(finding.kind()).isEqualTo(Finding.Kind.NOT_DETERMINISTIC));
  }

  @Test
  void threadsAndContinuationsGiveTheSame() {
    assertThat(Explorer.usesContinuations()).as("the tests export jdk.internal.vm").isTrue();
    Scenario scenario = twoMutexes(false);
    Exploration continuations = Explorer.bounded(2).explore(scenario);
    Exploration threads = Explorer.bounded(2).with(ThreadCoroutine::new).explore(scenario);
    assertThat(threads.schedules()).isEqualTo(continuations.schedules());
    assertThat(threads.steps()).isEqualTo(continuations.steps());
    assertThat(threads.findings().getFirst().schedule())
        .isEqualTo(continuations.findings().getFirst().schedule());
  }

  @Test
  void anExplorationThatIsCutShortIsNotComplete() {
    Exploration cut = Explorer.bounded(3).withMaxSchedules(10).explore(Programs.steps(20, 20));
    assertThat(cut.complete()).isFalse();
    assertThat(cut.schedules()).isEqualTo(10);
  }

  @Test
  void aSchedulesTextIsChecked() {
    assertThat(Schedule.parse(" A3 B1 A2 ")).hasToString("A3 B1 A2");
    assertThat(Schedule.parse("A1 A2").runs()).hasSize(1);
    assertThat(Schedule.parse("A3 B1 A2").length()).isEqualTo(6);
    for (String wrong : new String[] {"A0", "a1", "AA", "3A", "A1,B2"}) {
      assertThatThrownBy(() -> Schedule.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** A finding is told from others by its message; where it was seen is the cause's. */
  @Test
  void damageIsShownWhereItWasSeen() {
    Scenario damaging =
        scheduler -> {
          Programs.Cell counter = new Programs.Cell(scheduler, "counter");
          return Programs.run(
              () -> {
                throw new AssertionError("damage", new AssertionError("in page 3"));
              },
              new Scenario.Task("task", () -> counter.store(1)));
        };
    Finding finding = Explorer.bounded(0).explore(damaging).findings().getFirst();
    assertThat(finding.message()).isEqualTo("damage");
    assertThat(Interleaving.text(finding)).contains("=> damage: in page 3\n");
    assertThat(Interleaving.html("damage", List.of(finding))).contains("damage: in page 3");
  }

  @Test
  void anInterleavingIsReadable() {
    Finding finding = annotated(Explorer.bounded(1), Programs.lostUpdate());
    assertThat(Interleaving.text(finding))
        .contains("A left", "B right", "LOAD counter: 0", "STORE counter: from 0 to 1")
        .contains("=> counter is 1\n");
    assertThat(Interleaving.html("lost update", List.of(finding)))
        .contains("<td class=\"STORE\">STORE counter: from 0 to 1</td>")
        .contains("counter is 1");
  }

  @Test
  void aStepNamesTheKindOfItsStateAndTheScenarioItsWords() {
    Scenario scenario = Programs.lostUpdateOfKind(Scheduler.Point.LOAD);
    Finding finding = Explorer.bounded(1).explore(scenario).findings().getFirst();

    Finding annotated = Explorer.bounded(1).annotate(scenario, finding, _ -> true);

    assertThat(annotated.steps())
        .filteredOn(step -> step.kind() == Step.Kind.STORE)
        .hasSize(2)
        .allSatisfy(step -> {
          assertThat(step.subject()).isEqualTo(Scheduler.Point.LOAD);
          assertThat(step.toString()).isEqualTo("STORE LOAD of 7: from 0 to 1");
        });
  }
}
