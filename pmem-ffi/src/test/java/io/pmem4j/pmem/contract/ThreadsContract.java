// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.FlushBatch;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Regions and threads of either kind; arenas of all kinds. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an executor may not end
abstract class ThreadsContract {
  private static final int SIZE = 256 << 10;
  private static final int TASKS = Rounds.of(500, 100);

  @TempDir(factory = Place.class)
  private Path folder;

  private Path file;

  abstract Backend backend();

  @BeforeEach
  final void name() {
    file = folder.resolve("region");
  }

  private PmemRegion map(Arena arena) throws Exception {
    return Pmem.map(file, MapSpec.createNew(SIZE).backend(backend()), arena);
  }

  /** Each task has a line of its own and does all there is to do to it. */
  private static void work(PmemRegion region, int task) {
    long at = 64L * task;
    region.putLong(at, task);
    region.persist(at, 8);
    byte[] payload = {1, 2, 3};
    region.write(at + 16, payload, 0, payload.length, Caching.AUTO);
    Thread.yield(); // a virtual thread may go on elsewhere
    region.drain();
    try (FlushBatch batch = new FlushBatch(region)) {
      region.putInt(at + 32, task);
      batch.dirty(at + 32, 4);
      Thread.yield();
      batch.commit();
    }
    region.publishLong(at + 8, task + 1);
  }

  @Test
  void virtualThreadsPersist() throws Exception {
    try (Arena arena = Arena.ofShared();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      PmemRegion region = map(arena);
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < TASKS; i++) {
        int task = i;
        tasks.add(() -> {
          work(region, task);
          return null;
        });
      }
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
      for (int i = 0; i < TASKS; i++) {
        assertThat(region.getLong(64L * i)).isEqualTo(i);
        assertThat(region.getLongAcquire(64L * i + 8)).isEqualTo(i + 1);
        assertThat(region.getInt(64L * i + 32)).isEqualTo(i);
      }
    }
  }

  /** Closed while they are at it: each ends with an IllegalStateException, and none with more. */
  @Test
  void virtualThreadsAreTurnedAwayAfterClose() throws Exception {
    AtomicInteger begun = new AtomicInteger();
    List<Future<Throwable>> ends = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      try (Arena arena = Arena.ofShared()) {
        PmemRegion region = map(arena);
        for (int i = 0; i < 64; i++) {
          int task = i;
          ends.add(
              threads.submit(() -> {
                try {
                  while (true) {
                    work(region, task);
                    begun.incrementAndGet();
                  }
                } catch (Throwable end) {
                  return end;
                }
              }));
        }
        while (begun.get() < 200) {
          Thread.onSpinWait();
        }
      }
      for (Future<Throwable> end : ends) {
        assertThat(end.get()).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void aConfinedRegionIsClosedToVirtualThreads() throws Exception {
    try (Arena arena = Arena.ofConfined();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      PmemRegion region = map(arena);
      Future<?> other =
          threads.submit(() ->
              assertThatExceptionOfType(WrongThreadException.class)
                  .isThrownBy(() -> region.persist(0, 8)));
      other.get();
      region.persist(0, 8);
    }
  }

  /** A confined region may belong to a virtual thread, wherever that is carried. */
  @Test
  void aVirtualThreadOwnsItsConfinedRegion() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> owner =
          threads.submit(() -> {
            try (Arena arena = Arena.ofConfined()) {
              PmemRegion region = map(arena);
              for (int i = 0; i < 100; i++) {
                work(region, i);
              }
            }
            return null;
          });
      owner.get();
    }
  }

  @Test
  void anotherThreadsArenaIsRefused() throws Exception {
    try (Arena arena = Arena.ofConfined();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<?> other =
          threads.submit(() ->
              assertThatExceptionOfType(WrongThreadException.class).isThrownBy(() -> map(arena)));
      other.get();
      assertThat(file).doesNotExist();
    }
  }

  /** Many threads use a region that is never closed, so it has no guard. */
  @Test
  void regionsForEverAreForAllThreads() throws Exception {
    PmemRegion region = map(Arena.global());
    Thread[] threads = new Thread[8];
    for (int i = 0; i < threads.length; i++) {
      int first = i * 64;
      threads[i] =
          Thread.ofPlatform()
              .start(() -> {
                for (int task = first; task < first + 64; task++) {
                  work(region, task);
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    for (int task = 0; task < 64 * threads.length; task++) {
      assertThat(region.getLong(64L * task + 8)).isEqualTo(task + 1);
    }
  }

  @Test
  void globalAndAutomaticArenasWork() throws Exception {
    PmemRegion process = map(Arena.global());
    RegionContract.calls().values().forEach(call -> call.accept(process));
    PmemRegion collected = Pmem.map(file, MapSpec.existing().backend(backend()), Arena.ofAuto());
    RegionContract.calls().values().forEach(call -> call.accept(collected));
  }

  @Test
  void aPendingInterruptDoesNotDisturb() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = map(arena);
      Thread.currentThread().interrupt();
      try {
        assertThatCode(() -> region.publishLong(0, 5)).doesNotThrowAnyException();
        assertThatCode(() -> region.deepPersist(0, 8)).doesNotThrowAnyException();
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
      region.persist(0, 8);
      assertThat(region.getLong(0)).isEqualTo(5);
    }
  }
}
