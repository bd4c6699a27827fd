// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.PersistentMemory;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CrashStatesTest {
  private static StoreTrace record(Consumer<RecordedMemory> program) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    program.accept(memory);
    return memory.trace();
  }

  /** Returns the values of some words in each state, as in {@code 1,0,2}. */
  private static Set<String> states(StoreTrace trace, CrashMode mode, int... offsets) {
    Set<String> states = new TreeSet<>();
    CrashReport report =
        CrashStates.of(trace)
            .mode(mode)
            .check((memory, acknowledged) ->
                states.add(
                    String.join(
                        ",",
                        IntStream.of(offsets).mapToObj(at -> "" + memory.getLong(at)).toList())));
    assertThat(report.isComplete()).isTrue();
    return states;
  }

  private static void threeStores(PersistentMemory memory, long... offsets) {
    for (int i = 0; i < offsets.length; i++) {
      memory.putLong(offsets[i], i + 1);
    }
  }

  @Test
  void storesOfOneLineBecomeDurableInOrderOnX86() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 8, 16));
    assertThat(states(trace, CrashMode.X86, 0, 8, 16))
        .containsExactly("0,0,0", "1,0,0", "1,2,0", "1,2,3");
  }

  @Test
  void plainStoresOfOneLineHaveNoOrderForTheJavaMemoryModel() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 8, 16));
    assertThat(states(trace, CrashMode.JAVA, 0, 8, 16)).hasSize(8);
  }

  @Test
  void atomicsWithoutPersistAreNotDurableUntilTheyArePersisted() {
    StoreTrace trace =
        record(memory -> {
          assertThat(memory.compareAndSetLong(0, 0, 1)).isTrue();
          assertThat(memory.getAndAddLong(64, 1)).isZero();
          memory.putLongRelease(128, 1);
          memory.publishLong(192, 1);
        });
    for (CrashMode mode : List.of(CrashMode.X86, CrashMode.JAVA)) {
      assertThat(states(trace, mode, 0, 64, 128, 192))
          .as("%s", mode)
          .contains("0,0,0,1", "1,1,1,0", "0,1,0,1");
    }
  }

  @Test
  void aStoreWithReleaseOrderFollowsItsLineForTheJavaMemoryModel() {
    StoreTrace trace =
        record(memory -> {
          memory.putLong(0, 1);
          memory.putLongRelease(8, 2);
        });
    assertThat(states(trace, CrashMode.JAVA, 0, 8)).containsExactly("0,0", "1,0", "1,2");
  }

  @Test
  void storesToOneWordKeepTheirOrderInEachMode() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 0, 0));
    for (CrashMode mode : CrashMode.values()) {
      assertThat(states(trace, mode, 0)).as("%s", mode).containsExactly("0", "1", "2", "3");
    }
  }

  @Test
  void halvesOfAWordAreIndependentForTheJavaMemoryModelAndAWholeStoreCoversThem() {
    StoreTrace trace =
        record(memory -> {
          memory.putInt(0, 1);
          memory.putInt(4, 1);
          memory.putLong(0, 2);
        });
    assertThat(states(trace, CrashMode.JAVA, 0))
        .containsExactlyInAnyOrder("0", "1", "" + (1L << 32), "" + ((1L << 32) + 1), "2");
    assertThat(states(trace, CrashMode.X86, 0))
        .containsExactlyInAnyOrder("0", "1", "" + ((1L << 32) + 1), "2");
  }

  @Test
  void linesAreIndependent() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 64, 128));
    assertThat(states(trace, CrashMode.X86, 0, 64, 128)).hasSize(8);
    assertThat(states(trace, CrashMode.PAGE, 0, 64, 128))
        .containsExactly("0,0,0", "1,0,0", "1,2,0", "1,2,3");
    assertThat(states(trace, CrashMode.AUTO_FLUSH, 0, 64, 128))
        .containsExactly("0,0,0", "1,0,0", "1,2,0", "1,2,3");
  }

  @Test
  void sectorsOfOnePageAreIndependentAndOneFlushWritesThePage() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 512, 1024));
    assertThat(states(trace, CrashMode.PAGE, 0, 512, 1024)).hasSize(8);
    StoreTrace flushed =
        record(memory -> {
          threeStores(memory, 0, 512);
          memory.flush(0, 8);
          memory.putLong(0, 9);
        });
    assertThat(states(flushed, CrashMode.PAGE, 0, 512))
        .containsExactly("0,0", "0,2", "1,0", "1,2", "9,2");
  }

  @Test
  void aFlushCountsOnlyAfterTheDrainOfItsThread() throws Exception {
    StoreTrace without = record(memory -> flushAndStoreAgain(memory, () -> {}));
    assertThat(states(without, CrashMode.X86, 0, 64)).containsExactly("0,0", "0,2", "1,0", "1,2");
    StoreTrace with = record(memory -> flushAndStoreAgain(memory, memory::drain));
    assertThat(states(with, CrashMode.X86, 0, 64)).containsExactly("0,0", "1,0", "1,2");
    StoreTrace elsewhere =
        record(memory -> flushAndStoreAgain(memory, () -> inOtherThread(memory::drain)));
    assertThat(states(elsewhere, CrashMode.X86, 0, 64)).hasSize(4);
  }

  private static void flushAndStoreAgain(RecordedMemory memory, Runnable between) {
    memory.putLong(0, 1);
    memory.flush(0, 8);
    between.run();
    memory.putLong(64, 2);
  }

  private static void inOtherThread(Runnable body) {
    try {
      Thread thread = new Thread(body);
      thread.start();
      thread.join(10_000);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFlushCoversTheStoresBeforeItOnly() {
    StoreTrace trace =
        record(memory -> {
          memory.putLong(0, 1);
          memory.flush(0, 8);
          memory.putLong(8, 2);
          memory.drain();
          memory.putLong(64, 3);
        });
    assertThat(states(trace, CrashMode.JAVA, 0, 8, 64))
        .containsExactlyInAnyOrder("0,0,0", "1,0,0", "0,2,0", "1,2,0", "1,0,3", "1,2,3");
  }

  @Test
  void wordsAroundTheCachesHaveNoOrderEvenInOneLine() {
    byte[] source = new byte[24];
    java.util.Arrays.fill(source, (byte) 1);
    long one = 0x0101010101010101L;
    StoreTrace trace = record(memory -> memory.write(0, source, 0, 24, Caching.NON_TEMPORAL));
    assertThat(states(trace, CrashMode.X86, 0, 8, 16)).hasSize(8);
    StoreTrace drained =
        record(memory -> {
          memory.write(0, source, 0, 24, Caching.NON_TEMPORAL);
          memory.drain();
          memory.putLong(64, 1);
        });
    assertThat(states(drained, CrashMode.X86, 0, 64))
        .containsExactlyInAnyOrder("0,0", one + ",0", one + ",1");
  }

  @Test
  void aCopyIsTornAtWords() {
    byte[] source = new byte[20];
    java.util.Arrays.fill(source, (byte) 1);
    StoreTrace trace = record(memory -> memory.copy(4, source, 0, 20));
    assertThat(states(trace, CrashMode.X86, 0, 8, 16)).hasSize(8);
  }

  @Test
  void aMissingFlushIsFoundAndACleanProgramIsNot() {
    for (CrashMode mode : List.of(CrashMode.X86, CrashMode.JAVA)) {
      CrashReport bad = CrashStates.of(append(false)).mode(mode).check(CrashStatesTest::verify);
      CrashReport good = CrashStates.of(append(true)).mode(mode).check(CrashStatesTest::verify);
      assertThat(good.passed()).as("%s", good).isTrue();
      assertThat(bad.broken()).as("%s", bad).isPositive();
      CrashFinding finding = bad.findings().get(0);
      assertThat(finding.message()).contains("entry lost");
      assertThat(finding.stores().get(0).isLost()).isTrue();
      assertThat(finding.stores().get(0).store().offset()).isEqualTo(1024);
      assertThat(finding.stores()).hasSize(2);
    }
  }

  private static StoreTrace append(boolean persisted) {
    return record(memory -> {
      for (int n = 0; n < 3; n++) {
        memory.putLong(1024 + 8 * n, n + 1);
        if (persisted) {
          memory.persist(1024 + 8 * n, 8);
        }
        memory.publishLong(0, n + 1);
      }
    });
  }

  private static void verify(PersistentMemory memory, Acknowledgements acknowledged) {
    long entries = memory.getLongAcquire(0);
    for (int n = 0; n < entries; n++) {
      if (memory.getLong(1024 + 8 * n) != n + 1) {
        throw new IllegalStateException("entry lost: " + n);
      }
    }
  }

  @Test
  void aFindingReplays() {
    CrashStates states = CrashStates.of(append(false));
    CrashFinding finding = states.check(CrashStatesTest::verify).findings().get(0);
    assertThatThrownBy(() -> states.replay(finding.replay(), CrashStatesTest::verify))
        .hasMessage("entry lost: 0");
    assertThatThrownBy(
            () -> CrashStates.of(append(true)).replay(finding.replay(), CrashStatesTest::verify))
        .hasMessageContaining("the run differs");
    assertThatThrownBy(() -> states.replay("x86:1", CrashStatesTest::verify))
        .hasMessageContaining("not the name of a crash state");
  }

  @Test
  void acknowledgedValuesAreThoseBeforeTheCrash() {
    StoreTrace trace =
        record(memory -> {
          for (int n = 1; n <= 3; n++) {
            memory.publishLong(0, n);
            memory.acknowledge("n", n);
          }
        });
    Set<String> seen = new TreeSet<>();
    CrashReport report =
        CrashStates.of(trace)
            .check((memory, acks) -> seen.add(acks.get("n") + ":" + memory.getLong(0)));
    assertThat(seen).containsExactly("0:0", "0:1", "1:1", "1:2", "2:2", "2:3", "3:3");
    assertThat(report.points()).isEqualTo(4);
  }

  @Test
  void whatRecoveryDoesNotReadIsJudgedOnce() {
    StoreTrace trace =
        record(memory -> {
          for (int line = 0; line < 16; line++) {
            memory.putLong(64 * line, 1);
          }
        });
    CrashReport report = CrashStates.of(trace).check((memory, acknowledged) -> memory.getLong(64));
    assertThat(report.tried()).isEqualTo(1 << 16);
    // Two verdicts, and the runs that audit the states without one.
    assertThat(report.runs()).isBetween(2L, 2 + (1L << 16) / 128);
    CrashReport all =
        CrashStates.of(trace)
            .check((memory, acknowledged) ->
                memory.segment().get(java.lang.foreign.ValueLayout.JAVA_LONG, 64));
    assertThat(all.runs()).isEqualTo(1 << 16);
  }

  @Test
  void beyondTheLimitTheNumberLeftOutIsStated() {
    StoreTrace trace =
        record(memory -> {
          for (int line = 0; line < 20; line++) {
            memory.putLong(64 * line, 1);
          }
        });
    Set<List<Long>> seen = new HashSet<>();
    CrashReport report =
        CrashStates.of(trace)
            .atMost(500)
            .check((memory, acknowledged) -> {
              List<Long> state =
                  IntStream.range(0, 20).mapToObj(line -> memory.getLong(64 * line)).toList();
              seen.add(state);
            });
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.tried()).isEqualTo(500);
    assertThat(seen).hasSize(500);
    assertThat(report.leftOut()).isEqualTo(BigInteger.valueOf((1 << 20) - 500));
    // Each line alone, and all but each line.
    for (int line = 0; line < 20; line++) {
      int one = line;
      List<Long> alone = IntStream.range(0, 20).mapToObj(at -> at == one ? 1L : 0L).toList();
      assertThat(seen).contains(alone, alone.stream().map(value -> 1 - value).toList());
    }
  }

  @Test
  void eachStateIsVisitedOnceAndTheImageIsRestored() {
    StoreTrace trace =
        record(memory -> {
          memory.copy(0, new byte[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 16);
          threeStores(memory, 16, 24, 16, 64, 64, 128);
        });
    for (CrashMode mode : CrashMode.values()) {
      Set<List<Long>> seen = new HashSet<>();
      CrashReport report =
          CrashStates.of(trace)
              .mode(mode)
              .insideRecovery(false)
              .check((memory, acknowledged) -> {
                seen.add(IntStream.range(0, 24).mapToObj(at -> memory.getLong(8 * at)).toList());
                memory.fill(0, 4096, (byte) 7);
              });
      assertThat(report.passed()).isTrue();
      assertThat((long) seen.size()).as("%s", mode).isEqualTo(report.tried());
    }
  }

  @Test
  void aCrashInsideRecoveryIsTried() {
    // Recovery moves the log to its place and clears the flag first: a crash in between loses it.
    StoreTrace trace =
        record(memory -> {
          memory.putLong(64, 7);
          memory.persist(64, 8);
          memory.publishLong(0, 1);
        });
    CrashReport bad = CrashStates.of(trace).check((memory, acks) -> recover(memory, false));
    CrashReport good = CrashStates.of(trace).check((memory, acks) -> recover(memory, true));
    assertThat(bad.passed()).isFalse();
    assertThat(bad.findings().get(0).message()).contains("crash inside recovery");
    assertThat(good.passed()).as("%s", good.findings()).isTrue();
    assertThat(good.inside()).isPositive();
    assertThat(
            CrashStates.of(trace)
                .insideRecovery(false)
                .check((memory, acks) -> recover(memory, false))
                .passed())
        .isTrue();
  }

  private static void recover(PersistentMemory memory, boolean dataFirst) {
    boolean logged = memory.getLong(0) == 1;
    boolean done = memory.getLong(128) == 7;
    if (logged) {
      if (dataFirst) {
        memory.putLong(128, memory.getLong(64));
        memory.persist(128, 8);
      }
      memory.publishLong(0, 2);
      memory.putLong(128, memory.getLong(64));
      memory.persist(128, 8);
    } else if (memory.getLong(0) == 2 && !done) {
      throw new IllegalStateException("the log was cleared before its data was in place");
    }
  }

  @Test
  void aCheckThatIsNotDeterministicIsRefused() {
    StoreTrace trace = record(memory -> threeStores(memory, 0, 64, 128));
    int[] calls = new int[1];
    assertThatThrownBy(() ->
            CrashStates.of(trace).check((memory, acks) -> memory.getLong(64 * (calls[0]++ % 3))))
        .isInstanceOf(NotDeterministicException.class);
  }

  @Test
  void anEndlessRecoveryIsAFinding() {
    StoreTrace trace = record(memory -> memory.putLong(0, 1));
    CrashReport report =
        CrashStates.of(trace)
            .check((memory, acks) -> {
              while (memory.getLong(0) == 1) {
                Thread.onSpinWait();
              }
            });
    assertThat(report.broken()).isEqualTo(1);
    assertThat(report.findings().get(0).message()).contains("has not ended");
  }

  /** All states of the last moment are chosen, and none that loses what is durable. */
  @Test
  void aStateAtTheEndIsChosenByItsSeed() {
    StoreTrace trace =
        record(memory -> {
          memory.putLong(0, 1);
          memory.persist(0, 8);
          threeStores(memory, 0, 64, 128);
        });
    Set<String> every = new TreeSet<>();
    CrashStates.of(trace).check((memory, acks) -> every.add(words(memory)));
    Set<String> chosen = new TreeSet<>();
    for (int seed = 0; seed < 300; seed++) {
      String state = words(CrashStates.of(trace).chosenAtEnd(seed));
      assertThat(words(CrashStates.of(trace).seed(9).chosenAtEnd(seed))).isEqualTo(state);
      chosen.add(state);
    }
    every.removeIf(state -> state.startsWith("0 ")); // before the persist
    assertThat(chosen).isEqualTo(every).hasSize(4);
  }

  private static String words(PersistentMemory memory) {
    return memory.getLong(0) + " " + memory.getLong(64) + " " + memory.getLong(128);
  }

  @Test
  void statesOfPointsThatAreNotChosenCountAsLeftOut() {
    StoreTrace trace =
        record(memory -> {
          for (int i = 0; i < 3; i++) {
            memory.putLong(64 * i, 1);
            memory.persist(64 * i, 8);
          }
        });
    CrashReport all = CrashStates.of(trace).check((_, _) -> {});
    int last = trace.events().size() - 1;
    CrashReport some =
        CrashStates.of(trace)
            .onlyAt(at -> at >= last)
            .check((memory, _) -> assertThat(memory.getLong(64)).isEqualTo(1));
    assertThat(all.isComplete()).isTrue();
    assertThat(some.passed()).isTrue();
    assertThat(some.points()).isEqualTo(2);
    assertThat(some.leftOut().intValueExact() + some.tried()).isEqualTo(all.tried());
  }
}
