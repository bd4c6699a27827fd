// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's force, and an arena that another thread closes in the middle of it. */
@Timeout(60)
class JdkForceTest {
  @TempDir Path folder;

  /** The outcome of a close while a force is in progress. */
  private enum Closing {
    WAITS,
    ENDS
  }

  @Test
  void closingWaitsForTheForce() throws Exception {
    assertThat(closeBesideForce("waits", UseGuard::of)).isEqualTo(Closing.WAITS);
  }

  /** The teeth of the test above. */
  @Test
  void aGuardThatDoesNotWaitIsFound() throws Exception {
    assertThat(closeBesideForce("ends", _ -> new CloseRace.Broken(true))).isEqualTo(Closing.ENDS);
  }

  @SuppressWarnings("MustBeClosed") // closed by the closer
  private Closing closeBesideForce(String name, Function<Arena, UseGuard> guards) throws Exception {
    CountDownLatch forcing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicReference<Boolean> mappedAfterwards = new AtomicReference<>();
    Arena arena = Arena.ofShared();
    PmemRegion region =
        new PmemRegion(
            RegionMapper.map(
                folder.resolve(name),
                MapSpec.createNew(8192),
                arena,
                Backend.JDK,
                new MappingParts(
                    guards,
                    (range, offset, length) -> {
                      forcing.countDown();
                      await(goOn);
                      mappedAfterwards.set(isMapped(range.forced(offset, length)));
                    },
                    _ -> {})));
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<?> persist = threads.submit(() -> region.persist(0, 8));
      await(forcing);
      AtomicReference<Thread> closer = new AtomicReference<>();
      Future<?> close =
          threads.submit(() -> {
            closer.set(Thread.currentThread());
            arena.close();
          });
      while (!close.isDone()
          && (closer.get() == null
              || !(LockSupport.getBlocker(closer.get()) instanceof UseGuard))) {
        Thread.onSpinWait();
      }
      Closing seen = close.isDone() ? Closing.ENDS : Closing.WAITS;
      goOn.countDown();
      try {
        persist.get(30, TimeUnit.SECONDS);
      } catch (ExecutionException failure) {
        // Of a file that is closed.
        assertThat(seen).isEqualTo(Closing.ENDS);
      }
      close.get(30, TimeUnit.SECONDS);
      assertThat(mappedAfterwards.get()).isEqualTo(seen == Closing.WAITS);
      assertThatIllegalStateException().isThrownBy(() -> region.persist(0, 8));
      return seen;
    }
  }

  /** Asks the kernel: the range's arena is the global one. */
  private static boolean isMapped(MemorySegment range) {
    String start = Long.toHexString(range.address()) + "-";
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.anyMatch(line -> line.startsWith(start));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void aFailureOfAnOpenRegionIsToldAsIt() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region =
          new PmemRegion(
              RegionMapper.map(
                  folder.resolve("open"),
                  MapSpec.createNew(8192),
                  arena,
                  Backend.JDK,
                  new MappingParts(UseGuard::of, JdkForceTest::fail, _ -> {})));
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.persist(0, 8))
          .withMessageContaining("Input/output error");
    }
  }

  private static void fail(RawMapping range, long offset, long length) {
    throw new UncheckedIOException(new IOException("Input/output error"));
  }
}
