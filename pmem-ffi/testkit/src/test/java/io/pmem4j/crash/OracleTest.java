// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.pmem.PersistentMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

class OracleTest {
  private static final int A = 64;
  private static final int B = 128;
  private static final int LOG = 192;

  /** Moves amounts between two accounts, with an undo log or without. */
  private static StoreTrace transfers(boolean logged) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    for (int n = 1; n <= 3; n++) {
      memory.begin("transfer " + n);
      if (logged) {
        memory.putLong(LOG + 8, memory.getLong(A));
        memory.putLong(LOG + 16, memory.getLong(B));
        memory.persist(LOG + 8, 16);
        memory.publishLong(LOG, 1);
      }
      memory.putLong(A, memory.getLong(A) - n);
      memory.putLong(B, memory.getLong(B) + n);
      memory.flush(A, 8);
      memory.flush(B, 8);
      memory.drain();
      if (logged) {
        memory.publishLong(LOG, 0);
      }
      memory.acknowledge("n", n);
    }
    return memory.trace();
  }

  private static Object accounts(PersistentMemory memory) {
    if (memory.getLong(LOG) == 1) {
      memory.putLong(A, memory.getLong(LOG + 8));
      memory.putLong(B, memory.getLong(LOG + 16));
      memory.flush(A, 8);
      memory.flush(B, 8);
      memory.drain();
      memory.publishLong(LOG, 0);
    }
    return List.of(memory.getLong(A), memory.getLong(B));
  }

  private static CrashReport check(StoreTrace trace) throws Throwable {
    return CrashStates.of(trace).check(OperationOracle.of(trace, OracleTest::accounts));
  }

  @Test
  void anUndoLogMakesEachTransferWholeOrAbsent() throws Throwable {
    CrashReport report = check(transfers(true));
    assertThat(report.passed()).as("%s", report.findings()).isTrue();
    assertThat(report.inside()).isPositive();
  }

  @Test
  void aTransferWithoutALogIsTorn() throws Throwable {
    CrashReport report = check(transfers(false));
    assertThat(report.passed()).isFalse();
    assertThat(report.findings().get(0).message()).contains("no state between two operations");
  }

  @Test
  void anAcknowledgedTransferThatIsLostIsFound() throws Throwable {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(64));
    for (int n = 1; n <= 3; n++) {
      memory.putLong(0, n);
      memory.acknowledge("n", n);
    }
    StoreTrace trace = memory.trace();
    CrashReport report =
        CrashStates.of(trace).check(OperationOracle.of(trace, state -> state.getLong(0)));
    assertThat(report.broken()).isEqualTo(3);
    assertThat(report.findings().get(0).message())
        .contains("found 2: an acknowledged operation is lost; expected 3");
  }

  private static final class Corrupt extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** A record with a checksum, or without. */
  private static FlipReport flips(boolean checked) {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    for (int n = 1; n <= 3; n++) {
      memory.putLong(64 * n, 100 + n);
      memory.putLong(64 * n + 8, sum(100 + n));
      memory.persist(64 * n, 16);
      memory.acknowledge("n", n);
    }
    return BitFlips.check(
        CrashStates.of(memory.trace()),
        (state, acknowledged) -> {
          for (int n = 1; n <= 3; n++) {
            long value = state.getLong(64 * n);
            boolean sound = value != 0 && state.getLong(64 * n + 8) == sum(value);
            if (checked && !sound && n <= acknowledged.get("n")) {
              throw new Corrupt();
            }
            if (n <= acknowledged.get("n") && value != 100 + n) {
              throw new IllegalStateException("wrong value " + value);
            }
          }
        },
        Corrupt.class::isInstance);
  }

  private static long sum(long value) {
    return (value ^ 0x9E3779B97F4A7C15L) * 31;
  }

  @Test
  void aChecksumDetectsEachFlipAndItsAbsenceIsFound() {
    FlipReport with = flips(true);
    assertThat(with.passed()).as("%s", with).isTrue();
    assertThat(with.detected()).isPositive();
    FlipReport without = flips(false);
    assertThat(without.passed()).isFalse();
    assertThat(without.undetected().get(0)).contains("flipped").contains("wrong value");
  }

  @Test
  void aFlushOfADurableLineIsRedundantInNoOtherCase() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(4096));
    memory.putLong(0, 1);
    memory.flush(0, 8);
    memory.putLong(8, 1); // the same line again
    memory.flush(8, 8);
    memory.drain();
    assertThat(DurabilityRules.check(memory.trace(), CrashMode.X86)).isEmpty();
    memory.persist(0, 8);
    assertThat(DurabilityRules.check(memory.trace(), CrashMode.X86))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.kind()).isEqualTo(CrashFinding.Kind.REDUNDANT_FLUSH);
          assertThat(finding.message()).contains("persist(0, 8) at OracleTest.java:");
        });
    assertThat(DurabilityRules.check(memory.trace(), CrashMode.AUTO_FLUSH)).isEmpty();
  }
}
