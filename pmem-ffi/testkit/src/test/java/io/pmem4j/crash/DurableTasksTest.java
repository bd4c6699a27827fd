// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.LogReader;
import io.pmem4j.durable.MapCursor;
import io.pmem4j.durable.MapSnapshot;
import io.pmem4j.durable.MapTransaction;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.PersistentMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two tasks over a durable structure: each interleaving, and each crash state of each. The log's
 * crashes inside recovery, which is one task's work, are those of {@link DurableStructuresTest}.
 */
@Tag("slow")
class DurableTasksTest {
  private static final int PAGES = 12;
  private static final int LOG_BYTES = 8192 + 4096;

  private static byte[] key(int number) {
    return new byte[] {(byte) number};
  }

  private static byte[] number(int value) {
    return new byte[] {(byte) value};
  }

  private static Exploration explore(Scenario scenario, int preemptions) {
    Exploration exploration = Explorer.bounded(preemptions).explore(scenario);
    System.out.println(exploration.schedules() + " schedules");
    assertThat(exploration.findings()).isEmpty();
    assertThat(exploration.complete()).isTrue();
    return exploration;
  }

  private static void move(DurableMap map, int from, int to) {
    try (MapTransaction transaction = map.begin()) {
      byte[] value = transaction.get(key(from));
      if (value != null) {
        transaction.remove(key(from));
        transaction.put(key(to), value);
      }
      transaction.commit();
    }
  }

  /** Fails unless one key has the value. */
  private static void requireOne(MapSnapshot snapshot) {
    MapCursor cursor = snapshot.ascending();
    if (!cursor.next() || cursor.value()[0] != 7 || cursor.next()) {
      throw new IllegalStateException("the value is not there once");
    }
  }

  /** Two writers move one value; it is there once in each crash state. */
  @Test
  void twoWritersOfAMap() {
    Exploration exploration =
        explore(
            CrashScenario.of(
                PAGES * DurableMap.PAGE_BYTES,
                CrashMode.X86,
                (memory, scheduler) -> {
                  DurableMap map = DurableMap.open(memory, scheduler);
                  map.put(key(0), number(7));
                  return List.of(
                      new Scenario.Task("left", () -> move(map, 0, 1)),
                      new Scenario.Task("right", () -> move(map, 0, 2)));
                },
                (memory, acknowledged) -> {
                  try (MapSnapshot snapshot = DurableMap.open(memory).snapshot()) {
                    if (snapshot.sequence() > 0) {
                      requireOne(snapshot);
                    }
                  }
                }),
            1);
    assertThat(exploration.schedules()).isGreaterThan(5);
  }

  /**
   * A reader with a snapshot beside a writer that uses pages again. The map was opened with an
   * empty cache, so that the reader loads pages that the writer might have written over.
   */
  @Test
  void aSnapshotBesideAWriter() {
    Scenario scenario =
        scheduler -> {
          PersistentMemory heap =
              new HeapMemory(2 * PAGES * DurableMap.PAGE_BYTES, CrashMode.X86.granularity());
          try (DurableMap map = DurableMap.open(heap)) {
            for (int i = 0; i < 6; i++) {
              map.put(key(i), new byte[1000]);
            }
          }
          DurableMap map = DurableMap.open(RecordedMemory.over(heap, scheduler), scheduler);
          Scenario.Task reader =
              new Scenario.Task(
                  "reader",
                  () -> {
                    try (MapSnapshot snapshot = map.snapshot()) {
                      int first = snapshot.get(key(0)).length;
                      int last = snapshot.get(key(5)).length;
                      if (first != last) {
                        throw new IllegalStateException(first + " and " + last);
                      }
                    }
                    if (map.get(key(2)) == null) {
                      throw new IllegalStateException("key 2 is missing");
                    }
                  });
          Scenario.Task writer =
              new Scenario.Task(
                  "writer",
                  () -> {
                    for (int n = 1; n < 4; n++) {
                      try (MapTransaction transaction = map.begin()) {
                        transaction.put(key(0), new byte[1000 + n]);
                        transaction.put(key(5), new byte[1000 + n]);
                        transaction.commit();
                      }
                    }
                  });
          return new Scenario.Run() {
            @Override
            public List<Scenario.Task> tasks() {
              return List.of(reader, writer);
            }

            @Override
            public void check() {
              map.check();
            }
          };
        };
    assertThat(explore(scenario, 2).schedules()).isGreaterThan(100);
  }

  /** Two tasks write and free slots; each acknowledged record is there in each crash state. */
  @Test
  void twoWritersOfASlotStore() {
    Exploration exploration =
        explore(
            CrashScenario.of(
                8192 + 4 * 64,
                CrashMode.X86,
                (memory, scheduler) -> {
                  SlotStore store = SlotStore.open(memory, 16, 4);
                  int old = store.write(number(3));
                  memory.acknowledge("made", 1);
                  return List.of(
                      new Scenario.Task(
                          "left",
                          () -> {
                            store.write(number(1));
                            memory.acknowledge("left", 1);
                          }),
                      new Scenario.Task(
                          "right",
                          () -> {
                            store.free(old);
                            store.write(number(2));
                            memory.acknowledge("right", 1);
                          }));
                },
                (memory, acknowledged) -> {
                  SlotStore store = SlotStore.open(memory, 16, 4);
                  boolean[] found = new boolean[4];
                  store.slots().forEach(slot -> found[store.read(slot)[0]] = true);
                  if ((acknowledged.get("left") == 1 && !found[1])
                      || (acknowledged.get("right") == 1 && (!found[2] || found[3]))) {
                    throw new IllegalStateException("an acknowledged write or free is lost");
                  }
                }),
            2);
    assertThat(exploration.schedules()).isGreaterThan(20);
  }

  /** Returns the first bytes of a log's records, all of which have to be whole. */
  private static List<Integer> found(PersistentMemory memory) {
    List<Integer> found = new ArrayList<>();
    LogReader reader = DurableLog.open(memory).reader();
    while (reader.next()) {
      found.add((int) reader.payload()[0]);
    }
    return found;
  }

  private static void require(boolean holds, List<Integer> found) {
    if (!holds) {
      throw new IllegalStateException("found " + found);
    }
  }

  /**
   * Explores two tasks over a log that has a record 1.
   *
   * @param left adds records of tens and acknowledges its last one
   * @param right adds records of twenties and acknowledges its last one
   */
  private static Exploration exploreLog(LogTask left, LogTask right, int preemptions) {
    return explore(
        CrashScenario.of(
                LOG_BYTES,
                CrashMode.X86,
                (memory, scheduler) -> {
                  DurableLog log = DurableLog.open(memory, scheduler);
                  return List.of(
                      new Scenario.Task("left", () -> memory.acknowledge("left", left.run(log))),
                      new Scenario.Task(
                          "right", () -> memory.acknowledge("right", right.run(log))));
                },
                (memory, acknowledged) -> {
                  List<Integer> found = found(memory);
                  require(found.contains(1), found);
                  for (String name : List.of("left", "right")) {
                    int last = (int) acknowledged.get(name);
                    require(last <= 0 || found.contains(last), found);
                  }
                  // Each task's records are there up to one of them, in its order.
                  for (int tens = 10; tens <= 20; tens += 10) {
                    int first = tens;
                    List<Integer> own = found.stream().filter(n -> n / 10 == first / 10).toList();
                    require(
                        own.equals(IntStream.range(first, first + own.size()).boxed().toList()),
                        found);
                  }
                })
            .prepared(memory -> DurableLog.open(memory).append(number(1)))
            .insideRecovery(false),
        preemptions);
  }

  /** Changes a log and returns the number of a record that is durable. */
  @FunctionalInterface
  private interface LogTask {
    long run(DurableLog log);
  }

  private static long append(DurableLog log, int number) {
    log.append(number(number));
    return number;
  }

  /** Adds two records and makes both durable. */
  private static long addTwo(DurableLog log) {
    log.add(number(10));
    log.add(number(11));
    log.sync();
    return 11;
  }

  /** Two tasks append; what was acknowledged is there in each crash state. */
  @Test
  void twoWritersOfALog() {
    assertThat(exploreLog(log -> append(log, 10), log -> append(log, 20), 2).schedules())
        .isGreaterThan(100);
  }

  /** Two tasks add records and share persists. */
  @Test
  void groupCommitOfALog() {
    Exploration exploration =
        exploreLog(
            DurableTasksTest::addTwo,
            log -> {
              log.add(number(20));
              log.sync();
              return 20;
            },
            2);
    assertThat(exploration.schedules()).isGreaterThan(100);
  }

  /** A record that a reader has seen is durable. */
  @Test
  void aReaderOfALogSeesWhatIsDurable() {
    Exploration exploration =
        exploreLog(
            DurableTasksTest::addTwo,
            log -> {
              LogReader reader = log.reader();
              long seen = -1;
              while (reader.next()) {
                seen = reader.payload()[0];
              }
              return seen;
            },
            2);
    assertThat(exploration.schedules()).isGreaterThan(100);
  }

  private static void twoRecords(PersistentMemory memory) {
    DurableLog log = DurableLog.open(memory);
    log.append(number(1));
    log.append(number(2));
  }

  /** The prefix goes while another task appends. */
  @Test
  void aLogIsTruncatedBesideAWriter() {
    Exploration exploration =
        explore(
            CrashScenario.of(
                    LOG_BYTES,
                    CrashMode.X86,
                    (memory, scheduler) -> {
                      DurableLog log = DurableLog.open(memory, scheduler);
                      LogReader second = log.reader();
                      second.next();
                      second.next();
                      return List.of(
                          new Scenario.Task(
                              "left", () -> memory.acknowledge("left", append(log, 10))),
                          new Scenario.Task(
                              "right",
                              () -> {
                                log.truncatePrefix(second.position());
                                memory.acknowledge("right", 2);
                              }));
                    },
                    (memory, acknowledged) -> {
                      List<Integer> found = found(memory);
                      require(found.contains(2), found);
                      require(acknowledged.get("left") <= 0 || found.contains(10), found);
                      require(acknowledged.get("right") <= 0 || !found.contains(1), found);
                    })
                .prepared(DurableTasksTest::twoRecords)
                .insideRecovery(false),
            2);
    assertThat(exploration.schedules()).isGreaterThan(100);
  }
}
