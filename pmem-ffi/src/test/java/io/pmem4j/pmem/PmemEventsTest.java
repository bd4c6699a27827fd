// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PmemEventsTest {
  private static final long PAGE = 4096;

  @TempDir Path folder;

  /** Grows a file, persists twice, cuts it under a region, and closes. */
  private void work(Path path) throws Exception {
    try (PmemFile file = PmemFile.open(path, MapSpec.openOrCreate(PAGE));
        Arena arena = Arena.ofConfined()) {
      file.extend(3 * PAGE);
      PmemRegion region = file.region(PAGE, 2 * PAGE, arena);
      region.putLong(8, 1);
      region.persist(8, 8);
      region.publishLong(16, 2);
      region.deepPersist(0, 16);
      file.truncate(2 * PAGE);
      assertThatThrownBy(() -> region.getLong(PAGE)).isInstanceOf(PmemMediaException.class);
    }
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name, Path path) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .filter(event -> event.getString("path").equals(path.toString()))
        .toList();
  }

  @Test
  void eachCallIsAnEvent() throws Exception {
    Path path = folder.resolve("file");
    List<RecordedEvent> events;
    try (Recording recording = new Recording()) {
      for (String name :
          List.of("Persist", "DeepPersist", "Extend", "Close", "Fault", "PersistFailed")) {
        recording.enable("pmem4j." + name).withoutThreshold();
      }
      recording.start();
      work(path);
      new FirstFailure().fail(new PmemException("persist", 5, "planned", path, 1, 2));
      recording.stop();
      Path file = folder.resolve("events.jfr");
      recording.dump(file);
      events = RecordingFile.readAllEvents(file);
    }
    assertThat(named(events, "pmem4j.Persist", path))
        .satisfiesExactly(
            persist -> {
              assertThat(persist.getLong("offset")).isEqualTo(PAGE + 8);
              assertThat(persist.getLong("length")).isEqualTo(8);
              assertThat(persist.getDuration()).isPositive();
            },
            publish -> assertThat(publish.getLong("offset")).isEqualTo(PAGE + 16));
    assertThat(named(events, "pmem4j.DeepPersist", path)).hasSize(1);
    assertThat(named(events, "pmem4j.Extend", path))
        .satisfiesExactly(extend -> {
          assertThat(extend.getLong("offset")).isEqualTo(PAGE);
          assertThat(extend.getLong("length")).isEqualTo(2 * PAGE);
        });
    assertThat(named(events, "pmem4j.Close", path)).hasSize(1);
    assertThat(named(events, "pmem4j.Fault", path))
        .satisfiesExactly(fault -> assertThat(fault.getLong("offset")).isEqualTo(2 * PAGE));
    assertThat(named(events, "pmem4j.PersistFailed", path))
        .satisfiesExactly(failed -> assertThat(failed.getString("reason")).isEqualTo("planned"));
  }

  /** Persists in a JVM without the module of events. */
  static final class WithoutEvents {
    private WithoutEvents() {}

    public static void main(String[] arguments) throws Exception {
      if (ModuleLayer.boot().findModule("jdk.jfr").isPresent()) {
        throw new IllegalStateException("jdk.jfr is here");
      }
      MapSpec spec = MapSpec.openOrCreate(PAGE);
      try (PmemFile file = PmemFile.open(Path.of(arguments[0]), spec);
          Arena arena = Arena.ofConfined()) {
        file.extend(2 * PAGE);
        file.region(0, PAGE, arena).publishLong(0, 1);
        file.region(0, PAGE, arena).deepPersist(0, 8);
      }
      System.out.println("persisted");
    }
  }

  @Test
  void aJvmWithoutTheModulePersists() throws Exception {
    ChildJvm.Result result =
        ChildJvm.run(
            folder,
            Map.of(),
            "--limit-modules=java.base,jdk.nio.mapmode",
            WithoutEvents.class.getName(),
            folder.resolve("plain").toString());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output()).contains("persisted");
  }

  @Test
  void countersCountOnlyWhileTheyAreOn() throws Exception {
    PmemStatistics off = PmemStatistics.now();
    work(folder.resolve("off"));
    assertThat(PmemStatistics.now()).isEqualTo(off);
    PmemStatistics.start();
    try {
      work(folder.resolve("on"));
    } finally {
      PmemStatistics.stop();
    }
    assertThat(PmemStatistics.now())
        .isEqualTo(
            new PmemStatistics(
                off.persists() + 2,
                off.persistedBytes() + 16,
                off.deepPersists() + 1,
                off.extensions() + 1,
                off.closes() + 1,
                off.faults() + 1,
                off.failures()));
  }
}
