// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash.bench;

import io.pmem4j.crash.CheckedLedger;
import io.pmem4j.crash.CrashCheck;
import io.pmem4j.crash.CrashMedium;
import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.crash.StoreTrace;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** Crash states checked in a second by one thread: a log of 16 records in 16 lines. */
final class StatesPerSecond {
  private static final int RECORDS = 16;

  private StatesPerSecond() {}

  public static void main(String[] args) throws Throwable {
    for (int round = 0; round < 5; round++) {
      print("log of 4 KiB over PersistentMemory", inMemory(StatesPerSecond::recover));
      print("the same, each state by a run", inMemory(StatesPerSecond::recoverFromSegment));
      byPath();
      long start = System.nanoTime();
      CrashMedium.named("ledger")
          .run(file -> CheckedLedger.append(file, 3))
          .after(file -> CheckedLedger.verify(file));
      System.out.printf("ledger, two modes: %d ms%n", (System.nanoTime() - start) / 1_000_000);
    }
  }

  private static void print(String name, CrashReport report) {
    System.out.printf(
        "%s: %,.0f states a second (%d states, %d runs of recovery)%n",
        name, report.statesPerSecond(), report.tried(), report.runs());
  }

  private static CrashReport inMemory(CrashCheck check) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    append(memory);
    StoreTrace trace = memory.trace();
    return CrashStates.of(trace).mode(CrashMode.X86).check(check);
  }

  private static void append(PersistentMemory memory) {
    for (int n = 0; n < RECORDS; n++) {
      memory.putLong(64 + 64 * n, n + 1);
    }
  }

  /** Recovers the longest prefix of records. */
  private static void recover(PersistentMemory memory, Object acknowledged) {
    int records = 0;
    while (records < RECORDS && memory.getLong(64 + 64 * records) == records + 1) {
      records++;
    }
    for (int n = records; n < RECORDS; n++) {
      if (memory.getLong(64 + 64 * n) > RECORDS) {
        throw new IllegalStateException("damaged: " + n);
      }
    }
  }

  private static void recoverFromSegment(PersistentMemory memory, Object acknowledged) {
    memory.segment();
    recover(memory, acknowledged);
  }

  private static void byPath() throws Throwable {
    long[] checks = new long[1];
    long start = System.nanoTime();
    CrashMedium.named("by path")
        .modes(CrashMode.X86)
        .run(file -> inFile(file, StatesPerSecond::append))
        .after(file -> {
          checks[0]++;
          inFile(
              file,
              region -> {
                region.segment(); // each state by a run
                recover(region, file);
              });
        });
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "recovery that maps by path: %,.0f states a second (%d runs)%n",
        checks[0] / seconds, checks[0]);
  }

  @FunctionalInterface
  private interface Use {
    void on(PmemRegion region);
  }

  private static void inFile(Path file, Use use) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      use.on(Pmem.map(file, MapSpec.openOrCreate(4096), arena));
    }
  }
}
