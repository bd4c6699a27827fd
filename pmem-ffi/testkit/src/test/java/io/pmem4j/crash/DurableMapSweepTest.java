// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.durable.DurableCorruptionException;
import io.pmem4j.durable.DurableFormatException;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.MapCursor;
import io.pmem4j.durable.MapSnapshot;
import io.pmem4j.durable.MapTransaction;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each crash state of a map, in each mode: it is as one of the commits has left it. */
@Tag("slow")
class DurableMapSweepTest {
  /** The number of a value that does not fit into a page. */
  private static final int LARGE = 11;

  private static final int BYTES = 16 * DurableMap.PAGE_BYTES;

  /** The expected content after each commit, the first one empty. */
  private static final List<TreeMap<Integer, Integer>> COMMITS = commits();

  private static byte[] key(int number) {
    return new byte[] {(byte) number, 7};
  }

  private static byte[] value(int number) {
    byte[] value = new byte[number == LARGE ? 5000 : 1 + 4 * (number % 3)];
    Arrays.fill(value, (byte) (number + 1));
    return value;
  }

  /** Makes commit {@code n} of the run; a transaction of many keys if n is a multiple of 3. */
  private static void commit(DurableMap map, int n) {
    if (n % 3 != 0) {
      map.put(key(n % 4), value(n));
      return;
    }
    try (MapTransaction transaction = map.begin()) {
      transaction.remove(key(n % 4));
      transaction.put(key(5), value(n));
      transaction.put(key(6), value(n + 1));
      transaction.commit();
    }
  }

  private static List<TreeMap<Integer, Integer>> commits() {
    List<TreeMap<Integer, Integer>> all = new ArrayList<>();
    all.add(new TreeMap<>());
    for (int n = 1; n < 20; n++) {
      TreeMap<Integer, Integer> next = new TreeMap<>(all.getLast());
      if (n % 3 != 0) {
        next.put(n % 4, n);
      } else {
        next.remove(n % 4);
        next.put(5, n);
        next.put(6, n + 1);
      }
      all.add(next);
    }
    return all;
  }

  private static boolean holds(DurableMap map, TreeMap<Integer, Integer> expected) {
    try (MapSnapshot snapshot = map.snapshot()) {
      MapCursor cursor = snapshot.ascending();
      for (Map.Entry<Integer, Integer> entry : expected.entrySet()) {
        if (!cursor.next()
            || !Arrays.equals(cursor.key(), key(entry.getKey()))
            || !Arrays.equals(cursor.value(), value(entry.getValue()))) {
          return false;
        }
      }
      return !cursor.next();
    }
  }

  /** Fails unless the map is as a commit from the acknowledged one on has left it. */
  private static void check(DurableMap map, long acknowledged, int last) {
    for (int n = (int) acknowledged; n <= last; n++) {
      if (holds(map, COMMITS.get(n))) {
        return;
      }
    }
    throw new IllegalStateException(map.size() + " keys, as after no commit from " + acknowledged);
  }

  private static StoreTrace run(CrashMode mode, int before, int last) {
    PersistentMemory memory = new HeapMemory(BYTES, mode.granularity());
    if (before > 0) {
      try (DurableMap map = DurableMap.open(memory)) {
        for (int n = 1; n <= before; n++) {
          commit(map, n);
        }
      }
    }
    RecordedMemory recorded = RecordedMemory.over(memory);
    DurableMap map = DurableMap.open(recorded);
    recorded.acknowledge("opened", 1);
    for (int n = before + 1; n <= last; n++) {
      commit(map, n);
      recorded.acknowledge("commit", n);
    }
    map.close();
    recorded.acknowledge("closed", 1);
    return recorded.trace();
  }

  private static CrashReport sweep(CrashMode mode, int before, int last, long atMost) {
    CrashReport report =
        CrashStates.of(run(mode, before, last))
            .mode(mode)
            .atMost(atMost)
            .check((memory, acknowledged) ->
                check(DurableMap.open(memory), Math.max(before, acknowledged.get("commit")), last));
    System.out.println(report);
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    return report;
  }

  /** Opening, commits that use pages again, and closing. */
  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void beforeOrAfterACommit(CrashMode mode) {
    for (int before : new int[] {0, 3, 6}) {
      CrashReport report = sweep(mode, before, before + 4, CrashStates.AT_MOST);
      assertThat(report.isComplete()).isTrue();
      assertThat(report.tried()).isGreaterThan(100);
    }
  }

  /** A value in pages of its own; the states are too many, and sampled. */
  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void aLargeValueIsWholeOrNotThere(CrashMode mode) {
    assertThat(sweep(mode, 10, 12, 500).tried()).isGreaterThan(1000);
  }

  /** After a crash the map goes on: a commit, and a crash in the middle of that, too. */
  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void goesOnAfterACrash(CrashMode mode) {
    CrashReport report =
        CrashStates.of(run(mode, 3, 5))
            .mode(mode)
            .atMost(40)
            .check((memory, acknowledged) -> {
              DurableMap map = DurableMap.open(memory);
              boolean added = map.get(key(9)) != null;
              int least = (int) Math.max(3, acknowledged.get("commit"));
              int found = -1;
              for (int n = least; n <= 5; n++) {
                TreeMap<Integer, Integer> expected = new TreeMap<>(COMMITS.get(n));
                if (added) {
                  expected.put(9, 8);
                }
                if (holds(map, expected)) {
                  found = n;
                }
              }
              if (found < 0) {
                throw new IllegalStateException("as after no commit from " + least);
              }
              map.put(key(9), value(8));
              map.check();
            });
    System.out.println(report);
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.inside()).isPositive();
  }

  /**
   * A flipped bit after a crash: it is detected, or the map is as a commit left it; only what the
   * last commit wrote may be missing, if it was not followed by another or by close.
   */
  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void aFlippedBitIsDetectedOrHarmless(CrashMode mode) {
    FlipReport report =
        BitFlips.check(
            CrashStates.of(run(mode, 2, 5)).mode(mode).atMost(100),
            (memory, acknowledged) -> {
              DurableMap map = DurableMap.open(memory);
              boolean closed = acknowledged.get("closed") == 1;
              long least = Math.max(2, acknowledged.get("commit"));
              check(map, closed ? least : Math.max(2, least - 1), 5);
            },
            failure ->
                failure instanceof DurableCorruptionException
                    || failure instanceof DurableFormatException);
    System.out.println(mode + ": " + report);
    assertThat(report.passed()).as("%s", report.undetected()).isTrue();
    assertThat(report.detected()).isPositive();
  }

  /** A page without memory is damage of its own class, and what it does not have can be read. */
  @Test
  void aPoisonedPageIsTold() {
    PersistentMemory memory = new HeapMemory(BYTES, CrashMode.X86.granularity());
    try (DurableMap map = DurableMap.open(memory)) {
      for (int i = 0; i < 12; i++) {
        map.put(key(i), new byte[700]);
      }
    }
    int told = 0;
    for (long page = 0; page < BYTES; page += DurableMap.PAGE_BYTES) {
      FaultyMemory poisoned = FaultyMemory.over(memory).poison(page, DurableMap.PAGE_BYTES);
      try {
        DurableMap map = DurableMap.open(poisoned);
        for (int i = 0; i < 12; i++) {
          assertThat(map.get(key(i))).hasSize(700);
        }
      } catch (DurableCorruptionException damaged) {
        told++;
      }
    }
    assertThat(told).isBetween(4, 6); // three leaves or four, their root, and the page of its word
  }
}
