// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrashMediumTest {
  @TempDir Path folder;

  private final List<String> log = new ArrayList<>();

  private CrashMedium medium(String replay, CrashMode... modes) {
    return new CrashMedium(
        new CrashMedium.Settings(
            "LedgerTest.entriesSurvive",
            List.of(modes),
            CrashStates.AT_MOST,
            1,
            true,
            replay,
            folder.resolve("crash"),
            "mvn test -Dcrash.replay=",
            CrashMedium.LIMIT,
            true,
            log::add));
  }

  private static CrashFoundError failure(CrashMedium.Run run, CrashMedium.Body check) {
    try {
      run.after(check);
    } catch (CrashFoundError e) {
      return e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    throw new IllegalStateException("no finding");
  }

  @Test
  void theLedgerOfTheReadmeSurvivesEachCrash() throws Throwable {
    long start = System.nanoTime();
    medium("", CrashMode.values())
        .run(file -> CheckedLedger.append(file, 3))
        .after(file -> CheckedLedger.verify(file));
    System.out.printf("four modes: %d ms; %s%n", (System.nanoTime() - start) / 1_000_000, log);
    assertThat(log).hasSize(4).allSatisfy(line -> assertThat(line).contains("0 broken"));
  }

  @Test
  void aMissingPersistIsAFindingWithItsRepair() throws Throwable {
    CrashFoundError error =
        failure(
            medium("", CrashMode.X86).run(file -> CheckedLedger.appendWithoutPersist(file, 1)),
            file -> CheckedLedger.verify(file));
    System.out.println(error.getMessage());
    assertThat(error.getMessage().lines().toList())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .matches(
                        "LedgerTest.entriesSurvive: 2 of 6 crash states break it"
                            + " \\(6 of 6 tried; x86 mode; 0 left out; \\d+ ms\\)"),
            line -> assertThat(line).matches("crash before the fence of CheckedLedger.java:\\d+"),
            line ->
                assertThat(line)
                    .matches(
                        "   line 0x040   @64 +putLong 1 +CheckedLedger.java:\\d+ +lost: flushed nowhere"
                            + " before the crash"),
            line ->
                assertThat(line)
                    .matches(
                        "   line 0x000   @0 +publishLong 1 +CheckedLedger.java:\\d+ +on the medium"
                            + " \\(evicted early\\)"),
            line ->
                assertThat(line)
                    .matches(
                        "check said: java.lang.IllegalStateException: entry lost: 0  "
                            + " CheckedLedger.java:\\d+"),
            line ->
                assertThat(line)
                    .matches(
                        "repair that makes all \\d+ states pass: persist\\(64, 8\\) between"
                            + " CheckedLedger.java:\\d+ and \\d+ +\\(tried 1 place\\)"),
            line ->
                assertThat(line)
                    .matches("replay: mvn test -Dcrash.replay=.*entriesSurvive-1.pmrepro"));
    assertThat(error).hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void aReplayFileLeadsToItsStateAlone() throws Throwable {
    CrashMedium.Body append = file -> CheckedLedger.appendWithoutPersist(file, 2);
    failure(medium("", CrashMode.X86).run(append), file -> CheckedLedger.verify(file));
    Path file = folder.resolve("crash/LedgerTest-entriesSurvive-1.pmrepro");
    String state = ReplayFile.state(file, "LedgerTest.entriesSurvive").orElseThrow();
    assertThat(ReplayFile.state(file, "OtherTest.other")).isEmpty();
    int[] checks = new int[1];
    assertThatThrownBy(() ->
            medium(state, CrashMode.JAVA, CrashMode.X86)
                .run(append)
                .after(path -> {
                  checks[0]++;
                  CheckedLedger.verify(path);
                }))
        .hasMessageStartingWith("entry lost");
    assertThat(checks[0]).isEqualTo(1);
    Files.writeString(file, "nonsense");
    assertThatThrownBy(() -> ReplayFile.state(file, "any"))
        .hasMessageContaining("is no replay file");
  }

  @Test
  void anAcknowledgementBeforeTheFlushIsAFindingWithoutACheck() {
    CrashMedium medium = medium("", CrashMode.X86);
    CrashFoundError error =
        failure(
            medium.run(file -> {
              try (Arena arena = Arena.ofConfined()) {
                PmemRegion region = Pmem.map(file, MapSpec.createNew(64), arena);
                region.putLong(0, 1);
                medium.acknowledge("n", 1);
                region.persist(0, 8);
              }
            }),
            file -> {});
    assertThat(error.getMessage()).contains("acknowledged at CrashMediumTest.java:");
    assertThat(error.findings().get(0).kind()).isEqualTo(CrashFinding.Kind.NOT_DURABLE);
  }

  @Test
  void acknowledgedValuesAndFilesAreThoseOfTheMomentOfTheCrash() throws Throwable {
    CrashMedium medium = medium("", CrashMode.X86);
    Set<String> seen = new TreeSet<>();
    medium
        .run(file -> {
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion one = Pmem.map(file, MapSpec.createNew(64), arena);
            one.putLong(0, 1);
            one.persist(0, 8);
            medium.acknowledge("n", 1);
            Path other = file.resolveSibling("other");
            Pmem.map(other, MapSpec.createNew(64), arena).publishLong(0, 2);
          }
        })
        .after(file -> {
          try (Arena arena = Arena.ofConfined()) {
            long one = Pmem.map(file, MapSpec.existing(), arena).getLong(0);
            String other = "none";
            try {
              Path path = file.resolveSibling("other");
              other = "" + Pmem.map(path, MapSpec.existing(), arena).getLong(0);
            } catch (NoSuchFileException expected) {
              assertThat(medium.acknowledged("n")).isZero();
            }
            seen.add(medium.acknowledged("n") + ":" + one + ":" + other);
          }
        });
    assertThat(seen).containsExactly("0:0:none", "0:1:none", "1:1:0", "1:1:2");
  }

  @Test
  void whatTheRunThrowsIsThrownAndNoPathStaysMapped() {
    Path[] path = new Path[1];
    assertThatThrownBy(() ->
            medium("", CrashMode.X86)
                .run(file -> {
                  path[0] = file;
                  throw new IOException("the run failed");
                })
                .after(file -> {}))
        .hasMessage("the run failed");
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> Pmem.map(path[0], MapSpec.existing(), arena))
          .isInstanceOf(NoSuchFileException.class);
    }
    assertThatThrownBy(() -> medium("", CrashMode.X86).acknowledged("n"))
        .hasMessageContaining("neither a run nor a check");
  }

  @Test
  void aSampleIsAFailureIfCompletenessIsRequired() {
    CrashMedium.Body stores =
        file -> {
          try (Arena arena = Arena.ofConfined()) {
            PmemRegion region = Pmem.map(file, MapSpec.createNew(8192), arena);
            for (int line = 0; line < 20; line++) {
              region.putLong(64 * line, 1);
            }
          }
        };
    CrashFoundError error = failure(medium("", CrashMode.X86).run(stores), file -> {});
    assertThat(error.getMessage()).contains((1 << 20) - (1 << 16) + " crash states left out");
  }

  /** Appends entries, and those of 13 without a persist of the payload. */
  private static void append(Path file, List<Integer> entries) throws IOException {
    for (int entry : entries) {
      if (entry == 13) {
        CheckedLedger.appendWithoutPersist(file, 1);
      } else {
        CheckedLedger.append(file, 1);
      }
    }
  }

  @Test
  void aProgramShrinksToTheOperationThatBreaksIt() {
    List<Integer> program = List.of(1, 2, 3, 13, 4, 5, 6, 7);
    CrashFoundError error =
        failure(
            medium("", CrashMode.X86).run(program, CrashMediumTest::append),
            file -> CheckedLedger.verify(file));
    assertThat(error.getMessage())
        .contains("entry lost: 0")
        .endsWith("shortest program that fails, 1 of 8 operations: [13]");
  }

  @Test
  void theReplayOfAShrunkProgramRunsItsOperations() throws Throwable {
    List<Integer> program = List.of(1, 2, 13, 3);
    failure(
        medium("", CrashMode.X86).run(program, CrashMediumTest::append),
        file -> CheckedLedger.verify(file));
    String state =
        ReplayFile.state(
                folder.resolve("crash/LedgerTest-entriesSurvive-2.pmrepro"),
                "LedgerTest.entriesSurvive")
            .orElseThrow();
    assertThat(state).endsWith("@2");
    assertThatThrownBy(() ->
            medium(state, CrashMode.X86)
                .run(program, CrashMediumTest::append)
                .after(file -> CheckedLedger.verify(file)))
        .hasMessageStartingWith("entry lost: 0");
  }
}
