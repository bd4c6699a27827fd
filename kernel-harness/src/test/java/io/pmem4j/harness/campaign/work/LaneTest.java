// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.crash.CrashMode;
import io.pmem4j.crash.CrashReport;
import io.pmem4j.crash.CrashStates;
import io.pmem4j.crash.HeapMemory;
import io.pmem4j.crash.RecordedMemory;
import io.pmem4j.pmem.PersistentMemory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each workload finds its last operation again, in every state a crash may leave. */
class LaneTest {
  private static final Payload PAYLOAD = new Payload(5);
  private static final int OPERATIONS = 12;

  @TempDir private Path folder;

  private static Lane lane(LaneKind kind, PersistentMemory memory) {
    return switch (kind) {
      case REGION -> new RingLane(memory, PAYLOAD);
      case LOG -> new StructureLane.Log(memory, PAYLOAD);
      case MAP -> new StructureLane.Tree(memory, PAYLOAD);
      case SLOTS -> new StructureLane.Slots(memory, PAYLOAD);
      case CELL -> new StructureLane.Cell(memory, PAYLOAD);
      case FILES -> throw new IllegalArgumentException("not in memory");
    };
  }

  @ParameterizedTest
  @EnumSource(value = LaneKind.class, names = "FILES", mode = EnumSource.Mode.EXCLUDE)
  void everyOperationIsFoundAgain(LaneKind kind) throws Exception {
    HeapMemory memory = new HeapMemory((int) LaneSpec.BYTES);
    long last = 0;
    for (int life = 0; life < 8; life++) {
      Lane lane = lane(kind, memory);
      assertThat(lane.recover(last)).isEqualTo(last);
      for (int i = 0; i < 150; i++) {
        lane.perform(++last);
      }
      lane.close();
    }
    assertThat(lane(kind, memory).recover(last)).isEqualTo(last);
  }

  private interface Made {
    Lane over(PersistentMemory memory);
  }

  private static CrashReport explore(Made made) throws Exception {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(256 << 10));
    Lane lane = made.over(memory);
    lane.recover(0);
    for (int n = 1; n <= OPERATIONS; n++) {
      lane.perform(n);
      memory.acknowledge("operations", n);
    }
    return CrashStates.of(memory.trace())
        .mode(CrashMode.X86)
        .atMost(100)
        .insideRecovery(false)
        .check((state, acknowledged) -> {
          long promised = acknowledged.get("operations");
          long last = made.over(state).recover(promised);
          if (last < promised || last > promised + 1) {
            throw new LostException(last + " is the last, " + promised + " was acknowledged");
          }
        });
  }

  @ParameterizedTest
  @EnumSource(value = LaneKind.class, names = "FILES", mode = EnumSource.Mode.EXCLUDE)
  void noCrashLosesAnAcknowledgedOperation(LaneKind kind) throws Exception {
    CrashReport report = explore(memory -> lane(kind, memory));
    assertThat(report.findings()).isEmpty();
    assertThat(report.points()).isGreaterThan(OPERATIONS);
  }

  @Test
  void aSkippedPersistIsFound() throws Exception {
    CrashReport report =
        explore(memory ->
            new RingLane(memory, PAYLOAD) {
              @Override
              protected void persist(long offset) {
                // The bug.
              }
            });
    assertThat(report.passed()).isFalse();
    assertThat(report.findings().getFirst().message()).contains("differs at byte");
  }

  @Test
  void anAcknowledgementBeforeTheFenceIsFound() throws Exception {
    CrashReport report =
        explore(memory ->
            new RingLane(
                new PointedMemory(memory, KillPoint.Listener.NONE, false) {
                  @Override
                  public void publishLong(long offset, long value) {
                    putLongRelease(offset, value); // no write-back, no fence
                  }
                },
                PAYLOAD));
    assertThat(report.passed()).isFalse();
  }

  private Lane files() {
    return new FileLane(folder.resolve("lane"), PAYLOAD, KillPoint.Listener.NONE);
  }

  private void perform(long from, long to) throws Exception {
    try (Lane lane = files()) {
      assertThat(lane.recover(from - 1)).isEqualTo(from - 1);
      for (long n = from; n <= to; n++) {
        lane.perform(n);
      }
    }
  }

  @Test
  void filesAreFoundAgainAfterEachOperation() throws Exception {
    for (long n = 1; n <= 20; n++) {
      perform(n, n);
    }
    perform(21, 505);
    for (long n = 506; n <= 530; n++) {
      perform(n, n);
    }
  }

  @Test
  void aTornAppendOfTheOperationInFlightIsCutOff() throws Exception {
    perform(1, 7);
    Path appended = folder.resolve("lane/appended");
    byte[] whole = Files.readAllBytes(appended);
    for (int cut = 1; cut <= 256; cut++) {
      Files.write(appended, Arrays.copyOf(whole, whole.length - cut));
      assertThat(files().recover(6)).as("cut by %d", cut).isEqualTo(6);
    }
    Files.write(appended, Arrays.copyOf(whole, whole.length - 1));
    assertThatThrownBy(() -> files().recover(7))
        .isInstanceOf(LostException.class)
        .hasMessageContaining("operation 7 differs at byte 255: read its end");
  }

  @Test
  void eachLossOfFilesIsFound() throws Exception {
    perform(1, 523);
    Path appended = folder.resolve("lane/appended");
    Path value = folder.resolve("lane/value");
    byte[] good = Files.readAllBytes(appended);
    byte[] kept = Files.readAllBytes(value);
    loss(523, appended, Arrays.copyOf(good, good.length - 256), "operation 523");
    byte[] flipped = good.clone();
    flipped[300] ^= 1;
    loss(523, appended, flipped, "differs at byte 44");
    loss(523, appended, new byte[0], "operation 1 differs at byte 0");
    Files.write(appended, good);
    loss(523, value, PAYLOAD.exactly(516, 256), "it is of operation 516, expected 520");
    loss(523, value, PAYLOAD.exactly(519, 256), "operation 519 did not write it");
    loss(523, value, Arrays.copyOf(kept, 100), "differs at byte 100: read its end");
    Files.delete(value);
    assertThatThrownBy(() -> files().recover(523))
        .hasMessageContaining("it is of operation 0, expected 520");
    Files.delete(appended);
    Files.delete(folder.resolve("lane"));
    assertThatThrownBy(() -> files().recover(523)).hasMessageContaining("is not there");
  }

  private void loss(long promised, Path file, byte[] content, String words) throws IOException {
    Files.write(file, content);
    assertThatThrownBy(() -> files().recover(promised))
        .isInstanceOf(LostException.class)
        .hasMessageContaining(words);
  }

  @Test
  void aFileWithoutItsSyncIsNotTakenForOne() throws Exception {
    int[] syncs = new int[1];
    try (Lane lane =
        new FileLane(folder.resolve("lane"), PAYLOAD, KillPoint.Listener.NONE) {
          @Override
          protected void force(FileChannel file) throws IOException {
            syncs[0]++;
            super.force(file);
          }
        }) {
      lane.recover(0);
      for (long n = 1; n <= 8; n++) {
        lane.perform(n);
      }
    }
    assertThat(syncs[0]).isEqualTo(8);
  }
}
