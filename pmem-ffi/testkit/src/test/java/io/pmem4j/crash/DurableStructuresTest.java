// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.durable.DurableCell;
import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.LogReader;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.pmem.PersistentMemory;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each crash state of the durable structures, in each mode: what was acknowledged is there. */
@Tag("slow")
class DurableStructuresTest {
  private static byte[] record(long number) {
    byte[] record = new byte[(int) (10 + 8 * (number % 3))];
    Arrays.fill(record, (byte) (number + 1));
    return record;
  }

  /** Records a run over a structure that is on the medium already. */
  private static CrashReport sweep(
      int bytes,
      CrashMode mode,
      Consumer<PersistentMemory> made,
      Consumer<RecordedMemory> run,
      CrashCheck check) {
    PersistentMemory memory = new HeapMemory(bytes, mode.granularity());
    made.accept(memory);
    RecordedMemory recorded = RecordedMemory.over(memory);
    run.accept(recorded);
    CrashReport report = CrashStates.of(recorded.trace()).mode(mode).check(check);
    System.out.println(report);
    assertThat(report.isComplete()).isTrue();
    return report;
  }

  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void log(CrashMode mode) {
    CrashReport report =
        sweep(
            8192 + 4096,
            mode,
            memory -> DurableLog.open(memory).append(record(0)),
            memory -> {
              DurableLog log = DurableLog.open(memory);
              long second = log.append(record(1));
              memory.acknowledge("records", 2);
              log.add(record(2));
              log.add(record(3));
              log.sync();
              memory.acknowledge("records", 4);
              log.truncatePrefix(second);
              memory.acknowledge("removed", 1);
              log.append(record(4));
              memory.acknowledge("records", 5);
            },
            (memory, acknowledged) -> {
              DurableLog log = DurableLog.open(memory);
              LogReader reader = log.reader();
              long next = log.recovered().head() == 0 ? 0 : 1;
              if (next < acknowledged.get("removed")) {
                throw new IllegalStateException("a removed record is back");
              }
              while (reader.next()) {
                if (!Arrays.equals(reader.payload(), record(next))) {
                  throw new IllegalStateException("not record " + next);
                }
                next++;
              }
              if (next < Math.max(1, acknowledged.get("records")) || next > 5) {
                throw new IllegalStateException("lost: record " + next);
              }
            });
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.tried()).isGreaterThan(50);
  }

  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void cell(CrashMode mode) {
    CrashReport report =
        sweep(
            8192,
            mode,
            memory -> DurableCell.open(memory).set(record(0)),
            memory -> {
              DurableCell cell = DurableCell.open(memory);
              for (int n = 1; n < 5; n++) {
                cell.set(record(n));
                memory.acknowledge("set", n);
              }
            },
            (memory, acknowledged) -> {
              byte[] found = DurableCell.open(memory).get().orElseThrow();
              long last = acknowledged.get("set");
              if (!Arrays.equals(found, record(last)) && !Arrays.equals(found, record(last + 1))) {
                throw new IllegalStateException("neither value " + last + " nor the next");
              }
            });
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.tried()).isGreaterThan(20);
  }

  @ParameterizedTest
  @EnumSource(CrashMode.class)
  void slots(CrashMode mode) {
    CrashReport report =
        sweep(
            8192 + 4 * 192,
            mode,
            memory -> SlotStore.open(memory, 160, 4),
            memory -> {
              SlotStore store = SlotStore.open(memory, 160, 4);
              for (int n = 0; n < 6; n++) {
                int slot = store.write(record(n));
                memory.acknowledge("written", n + 1);
                if (n >= 2) {
                  store
                      .slots()
                      .filter(other -> store.sequence(other) == store.sequence(slot) - 2)
                      .forEach(store::free);
                  memory.acknowledge("freed", n - 1);
                }
              }
            },
            (memory, acknowledged) -> {
              SlotStore store = SlotStore.open(memory, 160, 4);
              boolean[] found = new boolean[7];
              store
                  .slots()
                  .forEach(slot -> {
                    int n = store.read(slot)[0] - 1;
                    if (found[n] || !Arrays.equals(store.read(slot), record(n))) {
                      throw new IllegalStateException("record " + n + " is torn or twice there");
                    }
                    found[n] = true;
                  });
              for (long n = 0; n < acknowledged.get("written"); n++) {
                if (found[(int) n] == n < acknowledged.get("freed")) {
                  if (n != acknowledged.get("freed")) { // the next one may be free already
                    throw new IllegalStateException("record " + n + ": " + found[(int) n]);
                  }
                }
              }
            });
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.tried()).isGreaterThan(50);
  }
}
