// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Sixteen threads or more persist while one closes, again and again; run in a JVM of its own,
 * because what it looks for kills the JVM. Arguments: folder, backend, rounds, guard ({@code real},
 * or one of the planted faults {@code none} and {@code not-waiting}), threads ({@code platform} or
 * {@code virtual}).
 */
final class CloseRace {
  private static final int THREADS = 16;

  /** The race in the JDK's msync needs threads that lose the processor inside it. */
  private static final int THREADS_IN_MSYNC = 64;

  private static final int SIZE = 1 << 20;
  private static final long PERSISTS_BEFORE_CLOSE = 300;

  /**
   * In one round of as many nobody yields, and most threads lose the processor in the middle of a
   * persist. In the others closing, which waits until each of them has come to a safepoint poll,
   * takes no time.
   */
  private static final int YIELDING_ROUNDS = 10;

  /** Far more than a round takes; a scheduler that wakes no carrier any more never ends one. */
  private static final long LIMIT_SECONDS = 20;

  private CloseRace() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Backend backend = Backend.valueOf(arguments[1]);
    int rounds = Integer.parseInt(arguments[2]);
    for (int round = 0; round < rounds; round++) {
      Path file = folder.resolve("race");
      round(file, backend, arguments[3], arguments[4], round % YIELDING_ROUNDS != 0);
      Files.delete(file);
    }
    System.out.println("rounds " + rounds);
  }

  private static void round(Path file, Backend backend, String guard, String kind, boolean yields)
      throws Exception {
    AtomicLong persists = new AtomicLong();
    // Parked, not spinning: the one who closes gets its turn at once when it is woken.
    CountDownLatch enough = new CountDownLatch(1);
    AtomicReference<Throwable> unexpected = new AtomicReference<>();
    Thread[] threads = new Thread[backend == Backend.JDK ? THREADS_IN_MSYNC : THREADS];
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = map(file, backend, guard, arena);
      for (int i = 0; i < threads.length; i++) {
        long offset = i * 8192L;
        threads[i] =
            (kind.equals("virtual") ? Thread.ofVirtual() : Thread.ofPlatform())
                .start(() -> {
                  try {
                    persistUntilClosed(region, offset, persists, enough, yields);
                  } catch (Throwable failure) {
                    unexpected.set(failure);
                  }
                });
      }
      if (!enough.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        stalled("no progress");
      }
    }
    for (Thread thread : threads) {
      if (!thread.join(Duration.ofSeconds(LIMIT_SECONDS))) {
        stalled("a thread that does not end");
      }
    }
    if (unexpected.get() != null) {
      throw new AssertionError("not an IllegalStateException", unexpected.get());
    }
  }

  private static void stalled(String how) {
    System.out.println("STALLED: " + how);
    // Arenas and threads may be beyond ending.
    Runtime.getRuntime().halt(3);
  }

  private static void persistUntilClosed(
      PmemRegion region, long offset, AtomicLong persists, CountDownLatch enough, boolean yields) {
    while (true) {
      try {
        region.persist(offset, 8192);
      } catch (IllegalStateException closed) {
        return;
      }
      if (yields || Thread.currentThread().isVirtual()) {
        Thread.yield();
      }
      if (persists.incrementAndGet() == PERSISTS_BEFORE_CLOSE) {
        enough.countDown();
      }
    }
  }

  private static PmemRegion map(Path file, Backend backend, String guard, Arena arena)
      throws IOException {
    MapSpec spec = MapSpec.createNew(SIZE).backend(backend);
    Function<Arena, UseGuard> guards =
        switch (guard) {
          case "none" -> _ -> new Broken(false);
          case "not-waiting" -> _ -> new Broken(true);
          default -> UseGuard::of;
        };
    if (guard.equals("real")) {
      return Pmem.map(file, spec, arena);
    }
    MappingParts parts =
        new MappingParts(guards, (range, at, bytes) -> range.forced(at, bytes).force(), _ -> {});
    return new PmemRegion(RegionMapper.map(file, spec, arena, backend, parts));
  }

  /** Does not wait for those inside; turns later users away, or does not do that either. */
  static final class Broken extends UseGuard {
    private final boolean refuses;
    private volatile boolean shut;

    Broken(boolean refuses) {
      this.refuses = refuses;
    }

    @Override
    Stripe enter() {
      Safepoint.poll();
      if (shut && refuses) {
        throw closed();
      }
      return new Stripe();
    }

    @Override
    void exit(Stripe ticket) {}

    @Override
    boolean shut() {
      shut = true;
      return true;
    }
  }
}
