// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.PersistentMemory;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One of four persists is left out, in programs of different length: the repair puts it back. */
class RepairSearchTest {
  private static final int SITES = 4;
  private static final int LONGEST = 10;

  private static StoreTrace program(int operations, int missing, int faulty) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(1 << 16));
    for (int n = 0; n < operations; n++) {
      boolean[] persists = new boolean[SITES];
      for (int site = 0; site < SITES; site++) {
        persists[site] = site != missing || n % faulty != 0;
      }
      operation(memory, n, persists);
    }
    return memory.trace();
  }

  private static long at(int n, int site) {
    return 1024 + 512L * n + 64L * site;
  }

  private static void operation(PersistentMemory memory, int n, boolean[] persists) {
    memory.putLong(at(n, 0), n + 1);
    persist(memory, at(n, 0), persists[0]);
    memory.putInt(at(n, 1), n + 1);
    persist(memory, at(n, 1), persists[1]);
    memory.fill(at(n, 2), 16, (byte) (n + 1));
    persist(memory, at(n, 2), persists[2]);
    memory.putByte(at(n, 3), (byte) (n + 1));
    persist(memory, at(n, 3), persists[3]);
    memory.publishLong(0, n + 1);
  }

  private static void persist(PersistentMemory memory, long at, boolean wanted) {
    if (wanted) {
      memory.persist(at, 16);
    }
  }

  private static void check(PersistentMemory memory, Acknowledgements acknowledged) {
    long committed = memory.getLong(0);
    for (int n = 0; n < committed; n++) {
      if (memory.getLong(at(n, 0)) != n + 1
          || memory.getInt(at(n, 1)) != n + 1
          || memory.getByte(at(n, 2) + 15) != n + 1
          || memory.getByte(at(n, 2)) != n + 1
          || memory.getByte(at(n, 3)) != n + 1) {
        throw new IllegalStateException("entry lost");
      }
    }
  }

  @Test
  void theMissingPersistIsNamed() {
    int right = 0;
    int all = 0;
    for (int operations = 1; operations <= LONGEST; operations++) {
      for (int missing = 0; missing < SITES; missing++) {
        CrashStates states = CrashStates.of(program(operations, missing, 1 + operations % 3));
        CrashReport report = states.check(RepairSearchTest::check);
        assertThat(report.passed()).isFalse();
        Optional<String> repair =
            RepairSearch.search(states, RepairSearchTest::check, report.findings().get(0)).found();
        all++;
        int site = missing;
        boolean named =
            repair.isPresent()
                && IntStream.range(0, LONGEST)
                    .anyMatch(n -> repair.get().startsWith("persist(" + at(n, site) + ", "));
        right += named ? 1 : 0;
      }
    }
    System.out.printf("repair right: %d of %d%n", right, all);
    assertThat(right).isGreaterThanOrEqualTo(all * 9 / 10);
  }

  @Test
  void aFlushThatIsNotDrainedGetsItsDrain() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    memory.putLong(64, 1);
    memory.flush(64, 8);
    memory.publishLong(0, 1);
    CrashStates states = CrashStates.of(memory.trace());
    CrashCheck check =
        (state, acknowledged) -> {
          if (state.getLong(0) == 1 && state.getLong(64) != 1) {
            throw new IllegalStateException("entry lost");
          }
        };
    CrashFinding finding = states.check(check).findings().get(0);
    assertThat(RepairSearch.search(states, check, finding).found().orElseThrow())
        .startsWith("drain() after RepairSearchTest.java:");
  }

  @Test
  void noRepairIsNamedIfNoneOfThoseTriedHelps() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    memory.publishLong(0, 1); // the commit before its payload
    memory.putLong(64, 1);
    memory.persist(64, 8);
    CrashStates states = CrashStates.of(memory.trace());
    CrashCheck check =
        (state, acknowledged) -> {
          if (state.getLong(0) == 1 && state.getLong(64) != 1) {
            throw new IllegalStateException("entry lost");
          }
        };
    CrashReport report = states.check(check);
    RepairSearch.Result result = RepairSearch.search(states, check, report.findings().get(0));
    assertThat(result.found()).isEmpty();
    assertThat(result.tried()).as("no store is lost").isZero();
    assertThat(FailureText.of("t", report, report.findings().get(0), result))
        .contains("no single persist or drain makes all states pass");
  }
}
