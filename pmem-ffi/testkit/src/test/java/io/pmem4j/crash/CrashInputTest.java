// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemFile;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of bad inputs of a crash test in docs/durability.md, row by row. */
@Timeout(60)
class CrashInputTest {
  private static final Path TABLE = Path.of("../../docs/durability.md");
  private static final CrashMedium.Body RUN = file -> CheckedLedger.append(file, 2);
  private static final CrashMedium.Body CHECK = CheckedLedger::verify;

  @TempDir Path folder;

  private static Throwable thrown(
      CrashMedium medium, CrashMedium.Body run, CrashMedium.Body check) {
    try {
      medium.run(run).after(check);
      return null;
    } catch (Throwable failure) {
      return failure;
    }
  }

  private static CrashMedium medium(String name) {
    return CrashMedium.named(name).modes(CrashMode.X86);
  }

  private static void assertDocumented(String input, String outcome) throws IOException {
    List<String> rows =
        Files.readAllLines(TABLE).stream()
            .filter(line -> line.startsWith("| " + input + " | "))
            .toList();
    assertThat(rows).as(input).hasSize(1);
    assertThat(rows.getFirst().substring(input.length() + 5)).as(input).startsWith(outcome);
  }

  /** Fails unless the run or the check has the outcome of the table. */
  private static Throwable assertOutcome(String input, CrashMedium.Body run, CrashMedium.Body check)
      throws IOException {
    Throwable failure = thrown(medium("input").limit(Duration.ofMillis(200)), run, check);
    assertThat(failure).as(input).isNotNull();
    assertDocumented(input, "`" + failure.getClass().getSimpleName() + "`");
    return failure;
  }

  @Test
  void aCheckThatThrows() throws Exception {
    IllegalStateException own = new IllegalStateException("of the check");
    Throwable found =
        assertOutcome(
            "a check that throws",
            RUN,
            file -> {
              throw own;
            });
    assertThat(found).hasCause(own);
  }

  private static void readForEver(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, MapSpec.existing(), arena);
      while (region.getLong(8) == 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aCheckThatReadsForEver() throws Exception {
    Throwable found =
        assertOutcome("a check that reads the medium for ever", RUN, CrashInputTest::readForEver);
    assertThat(found).hasMessageContaining("has not ended");
  }

  @Test
  void aCheckThatWaitsForEver() throws Exception {
    Throwable found =
        assertOutcome("a check that waits for ever", RUN, file -> new CountDownLatch(1).await());
    assertThat(found).hasMessageContaining("the check has not ended after PT0.2S");
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> medium("x").limit(Duration.ZERO));
  }

  private static int recurse(int depth) {
    return depth < 0 ? 0 : recurse(depth % 2 + 1) + 1;
  }

  @Test
  void aCheckThatRecursesForEver() throws Exception {
    assertOutcome("a check that recurses for ever", RUN, file -> recurse(0));
  }

  /** Equal reads, and then others. */
  @Test
  void aCheckThatDrawsLots() throws Exception {
    int[] count = {0};
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(192));
    memory.putLong(0, 1);
    memory.putLong(64, 1);
    StoreTrace trace = memory.trace();
    assertThatThrownBy(
            () -> CrashStates.of(trace).check((state, _) -> state.getLong(64L * (count[0]++ % 2))))
        .isInstanceOf(NotDeterministicException.class);
    assertDocumented("a check over `CrashStates` that draws lots", "`NotDeterministicException`");
  }

  private static CrashMedium.Body reading(Use use) {
    return file -> {
      try (Arena arena = Arena.ofConfined()) {
        use.on(Pmem.map(file, MapSpec.existing(), arena));
      } catch (NoSuchFileException notYet) {
        // a crash before the first store
      }
    };
  }

  private interface Use {
    void on(PmemRegion region);
  }

  /** Stands for a clock or a lot: each call gives another answer. */
  private static Use failing(int every, Use reads) {
    int[] calls = {0};
    return region -> {
      reads.on(region);
      if (++calls[0] % every == 0) {
        throw new IllegalStateException("unlucky");
      }
    };
  }

  /** The failure is of the clock, not of the run, so that it is no finding. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void aCheckByPathThatReadsAClock(int every) throws Exception {
    Throwable failure =
        assertOutcome(
            "a check by path that reads a clock, or draws lots",
            RUN,
            reading(failing(every, region -> region.getLong(0))));
    assertThat(failure)
        .hasMessageContaining("failed with java.lang.IllegalStateException: unlucky");
  }

  /** Loads of a segment are not known, so that only verdicts are compared. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void aCheckOfASegmentThatReadsAClock(int every) throws Exception {
    assertOutcome(
        "a check by path that reads a clock, or draws lots",
        RUN,
        reading(failing(every, PmemRegion::segment)));
  }

  /** As with a set of objects that have no hash code of their own: it passes, but by chance. */
  @Test
  void aCheckByPathWithAnOrderOfItsOwn() throws Exception {
    int[] calls = {0};
    Throwable failure =
        assertOutcome(
            "a check by path whose reads have an order by chance",
            RUN,
            reading(region -> region.getLong(64 * (calls[0]++ % 2))));
    assertThat(failure).hasMessageContaining("after equal reads");
  }

  /** The same inside its own recovery. */
  @Test
  void aRecoveryThatReadsAClock() throws Exception {
    int[] calls = {0};
    assertOutcome(
        "a check by path that reads a clock, or draws lots",
        RUN,
        reading(region -> {
          if (region.getLong(0) == 1 && region.getLong(128) == 1 && ++calls[0] % 2 == 0) {
            throw new IllegalStateException("unlucky");
          }
          region.putLong(128, 1);
        }));
  }

  @Test
  void aRunThatThrows() throws Exception {
    IllegalStateException own = new IllegalStateException("of the run");
    CrashMedium.Body run =
        file -> {
          throw own;
        };
    assertThat(thrown(medium("input"), run, CHECK)).isSameAs(own);
    assertDocumented("a run that throws", "its exception");
  }

  @Test
  void aRunThatStoresPastTheEnd() throws Exception {
    assertOutcome(
        "a run that stores past the end of its file",
        file -> {
          try (Arena arena = Arena.ofConfined()) {
            Pmem.map(file, MapSpec.createNew(64), arena).putLong(64, 1);
          }
        },
        CHECK);
  }

  @Test
  void aRunThatNeedsMoreThanThereIs() throws Exception {
    assertOutcome(
        "a run that needs more than the medium has",
        file -> {
          try (PmemFile whole = PmemFile.open(file, MapSpec.openOrCreate(64))) {
            whole.extend(1L << 40);
          }
        },
        CHECK);
  }

  /** Both states after the last acknowledgement are tried, and neither is a finding. */
  @Test
  void aRunThatStoresPastItsLastAcknowledgement() throws Throwable {
    boolean[] met = new boolean[2];
    CrashMedium medium = medium("input");
    medium
        .run(file -> {
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion region = Pmem.map(file, MapSpec.createNew(128), arena);
            region.publishLong(0, 1);
            medium.acknowledge("first", 1);
            region.putLong(64, 2);
          }
        })
        .after(file -> {
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion region = Pmem.map(file, MapSpec.existing(), arena);
            assertThat(region.getLong(0)).isGreaterThanOrEqualTo(medium.acknowledged("first"));
            met[region.getLong(64) == 0 ? 0 : 1] = true;
          }
        });
    assertThat(met).containsOnly(true);
    assertDocumented("a run that stores after its last acknowledgement", "passes");
  }

  @Test
  void replayFilesOfOthers() throws Exception {
    Path file = Files.writeString(folder.resolve("replay"), "neither test nor state\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReplayFile.state(file, "input"))
        .withMessageContaining("is no replay file");
    assertDocumented("a replay file with other text", "`IllegalArgumentException`");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CrashStates.of(trace()).replay("x86:1:0:1", (memory, acknowledged) -> {}))
        .withMessageContaining("the run differs");
    assertDocumented("a replay file of another run", "`IllegalArgumentException`");
  }

  private static StoreTrace trace() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(64));
    memory.publishLong(0, 1);
    return memory.trace();
  }
}
