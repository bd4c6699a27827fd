// SPDX-License-Identifier: Apache-2.0
package com.example.counter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.Scheduler;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two starts at once, in every interleaving with one preemption. */
class StartCounterRaceTest {
  @TempDir Path folder;

  /** Two tasks that add one to the word at offset 0, with a lock around it or without. */
  private Scenario twoStarts(PmemRegion region, boolean locked) {
    return scheduler -> {
      region.publishLong(0, 0);
      Mutex mutex = new Mutex(scheduler, "counter");
      Scenario.Body add =
          () -> {
            scheduler.yieldPoint(Scheduler.Point.LOAD, region);
            long found = region.getLong(0);
            scheduler.yieldPoint(Scheduler.Point.STORE, region);
            region.publishLong(0, found + 1);
          };
      Scenario.Body start = locked ? () -> inside(mutex, add) : add;
      return new Scenario.Run() {
        @Override
        public List<Scenario.Task> tasks() {
          return List.of(new Scenario.Task("left", start), new Scenario.Task("right", start));
        }

        @Override
        public void check() {
          assertEquals(2, region.getLong(0));
        }
      };
    };
  }

  private static void inside(Mutex mutex, Scenario.Body body) throws Throwable {
    try (var _ = mutex.lock()) {
      body.run();
    }
  }

  private Exploration explore(boolean locked) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(folder.resolve("counter"), MapSpec.openOrCreate(4096), arena);
      return Explorer.bounded(1).explore(twoStarts(region, locked));
    }
  }

  @Test
  void withoutALockAStartIsLost() throws Exception {
    Exploration found = explore(false);
    assertEquals(1, found.findings().size(), found::toString);
    assertTrue(found.findings().getFirst().message().endsWith("expected: <2> but was: <1>"));
  }

  @Test
  void withALockNoneIs() throws Exception {
    Exploration found = explore(true);
    assertTrue(found.complete());
    assertTrue(found.findings().isEmpty(), found::toString);
  }

  @Test
  void theTestKitIsOnTheClassPath() {
    assertFalse(Explorer.class.getModule().isNamed());
    assertFalse(Pmem.class.getModule().isNamed());
    assertTrue(Explorer.usesContinuations());
  }
}
