// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.crash.junit.CrashTest;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.MapFullException;
import io.pmem4j.durable.MapSnapshot;
import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.RegionProvider;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A map whose file grows, in every crash state of each mode, and beside a reader. */
@Tag("slow")
class MapGrowthSweepTest {
  private static final int PAGES = 3;
  private static final long BYTES = PAGES * DurableMap.PAGE_BYTES;
  private static final int COMMITS = 4;
  private static final AtomicLong NUMBER = new AtomicLong();

  private static byte[] number(int value) {
    return new byte[] {(byte) value};
  }

  private static void grow(CrashMedium medium, Path path) throws IOException {
    try (DurableMap map = DurableMap.openOrCreate(path, BYTES)) {
      medium.acknowledge("made", 1);
      for (int i = 1; i <= COMMITS; i++) {
        map.put(number(i), number(10 * i));
        medium.acknowledge("commit", i);
      }
    }
  }

  /** Requires what was acknowledged, at most one commit more, and a map that goes on. */
  private static void verify(CrashMedium medium, Path path) throws IOException {
    int acknowledged = (int) medium.acknowledged("commit");
    try (DurableMap map = DurableMap.open(path)) {
      assertThat(map.size()).isBetween((long) acknowledged, acknowledged + 1L);
      for (int i = 1; i <= map.size(); i++) {
        assertThat(map.get(number(i))).containsExactly(10 * i);
      }
      map.check();
    } catch (NoSuchFileException none) {
      assertThat(medium.acknowledged("made")).isZero();
    } catch (io.pmem4j.durable.DurableFormatException zeros) {
      assertThat(medium.acknowledged("made")).isZero();
      assertThat(zeros).hasMessageContaining("zeros");
    }
  }

  @CrashTest(mode = {CrashMode.X86, CrashMode.JAVA, CrashMode.AUTO_FLUSH, CrashMode.PAGE})
  void grownPagesAreThereBeforeTheirRoot(CrashMedium medium) throws Throwable {
    CrashMedium judged = medium.byCheckAlone();
    judged.run(path -> grow(judged, path)).after(path -> verify(judged, path));
  }

  /** The map that is found grows once more, and that may crash too. */
  @CrashTest(
      mode = {CrashMode.X86, CrashMode.PAGE},
      atMost = 60)
  void growsAfterACrash(CrashMedium given) throws Throwable {
    CrashMedium medium = given.byCheckAlone();
    medium
        .run(path -> grow(medium, path))
        .after(path -> {
          if (medium.acknowledged("commit") < 2) {
            return;
          }
          try (DurableMap map = DurableMap.open(path)) {
            map.put(number(100), new byte[50]);
          }
          try (DurableMap map = DurableMap.open(path)) {
            map.check();
            assertThat(map.get(number(100))).hasSize(50);
            assertThat(map.get(number(2))).containsExactly(20);
          }
        });
  }

  @Test
  void aMediumThatIsFullLeavesTheMapAsItIs() throws Throwable {
    CrashMedium medium = CrashMedium.named("full").modes(CrashMode.PAGE).byCheckAlone();
    medium
        .run(path -> {
          try (DurableMap map = DurableMap.openOrCreate(path, BYTES)) {
            map.put(number(1), number(10));
            assertThatExceptionOfType(MapFullException.class)
                .isThrownBy(() -> map.put(number(2), new byte[4 << 20]))
                .withCauseInstanceOf(FileSystemException.class)
                .withMessageContaining("no room");
            assertThat(map.get(number(2))).isNull();
            map.put(number(3), number(30));
            medium.acknowledge("last", 1);
          }
        })
        .after(path -> {
          if (medium.acknowledged("last") == 1) {
            try (DurableMap map = DurableMap.open(path)) {
              assertThat(map.get(number(1))).containsExactly(10);
              assertThat(map.get(number(2))).isNull();
              assertThat(map.get(number(3))).containsExactly(30);
            }
          }
        });
  }

  /** A length that cannot be made durable fails the commit, and no root names its pages. */
  @CrashTest(mode = CrashMode.PAGE)
  void aFailedSyncOfTheLength(CrashMedium given) throws Throwable {
    CrashMedium medium = given.byCheckAlone();
    medium
        .run(path -> {
          try (DurableMap map = DurableMap.builder().initialBytes(BYTES).openOrCreate(path)) {
            map.put(number(1), number(10));
            medium.acknowledge("commit", 1);
            medium.failSync(1);
            assertThatExceptionOfType(io.pmem4j.pmem.PmemException.class)
                .isThrownBy(() -> map.put(number(2), new byte[40_000]));
            assertThat(map.get(number(1))).containsExactly(10);
            assertThatExceptionOfType(io.pmem4j.pmem.PmemException.class)
                .isThrownBy(() -> map.put(number(3), number(3)));
          } catch (io.pmem4j.pmem.PmemFailedFileException closed) {
            // The note of the last commit is not needed.
          }
        })
        .after(path -> {
          if (medium.acknowledged("commit") == 1) {
            try (DurableMap map = DurableMap.open(path)) {
              assertThat(map.get(number(1))).containsExactly(10);
              assertThat(map.get(number(2))).isNull();
            }
          }
        });
  }

  private static int value(MapSnapshot snapshot, int key) {
    byte[] found = snapshot.get(number(key));
    return found == null ? 0 : found[0];
  }

  /** Requires one commit: both keys have its value. */
  private static void requireOneCommit(MapSnapshot snapshot) {
    int one = value(snapshot, 1);
    int other = value(snapshot, 2);
    if (one != other || one == 0) {
      throw new IllegalStateException(one + " and " + other);
    }
  }

  private static void putBoth(DurableMap map, int value) {
    try (var both = map.begin()) {
      both.put(number(1), number(value));
      both.put(number(2), number(value));
      both.commit();
    }
  }

  /**
   * A reader holds a snapshot while the writer makes the file longer; the regions of before stay
   * valid. Each crash state of each interleaving is one commit.
   */
  @Test
  void aReaderBesideAGrowth() {
    Scenario scenario =
        scheduler -> {
          Path folder = Path.of("/growing", Long.toString(NUMBER.incrementAndGet()));
          GrowingFile file = new GrowingFile(64 << 10, CrashMode.X86, scheduler);
          RegionProvider.Registration registration = RegionProvider.register(folder, file);
          DurableMap map;
          try {
            map =
                DurableMap.builder()
                    .initialBytes(BYTES)
                    .scheduler(scheduler)
                    .openOrCreate(folder.resolve("map"));
          } catch (IOException refused) {
            throw new java.io.UncheckedIOException(refused);
          }
          putBoth(map, 1);
          long before = file.length();
          Scenario.Task reader =
              new Scenario.Task(
                  "reader",
                  () -> {
                    try (MapSnapshot snapshot = map.snapshot()) {
                      requireOneCommit(snapshot);
                      requireOneCommit(snapshot);
                    }
                  });
          Scenario.Task writer =
              new Scenario.Task(
                  "writer",
                  () -> {
                    putBoth(map, 2);
                    putBoth(map, 3);
                  });
          return new Scenario.Run() {
            @Override
            public List<Scenario.Task> tasks() {
              return List.of(reader, writer);
            }

            @Override
            public void check() {
              registration.close();
              if (file.length() <= before) {
                throw new IllegalStateException("the file did not grow: " + before);
              }
              CrashReport report =
                  CrashStates.of(file.trace())
                      .mode(CrashMode.X86)
                      .insideRecovery(false)
                      .checkToFirst((memory, acknowledged) -> {
                        try (MapSnapshot snapshot = DurableMap.open(memory).snapshot()) {
                          if (snapshot.sequence() > 0) {
                            requireOneCommit(snapshot);
                          }
                        }
                      });
              if (!report.passed()) {
                throw new CrashFoundError(report.toString(), report.findings());
              }
            }
          };
        };
    Exploration exploration = Explorer.bounded(2).explore(scenario);
    System.out.println(exploration.schedules() + " schedules of a growth beside a reader");
    assertThat(exploration.findings()).isEmpty();
    assertThat(exploration.complete()).isTrue();
    assertThat(exploration.schedules()).isGreaterThan(50);
  }
}
