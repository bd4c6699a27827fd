// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Three threads load and three store through a segment, as Java does, while the file is truncated
 * and its blocks are another file's; in a JVM of its own, whose end would be a finding. Arguments:
 * faults to plant.
 */
final class PlainAccessRace {
  private static final int P = 4096;
  private static final int PAGES = 64;
  private static final int ROUNDS = 60;
  private static final long BOUND_NANOS = 20_000_000_000L;
  private static final byte THEIRS = 0x22;
  private static final long OURS_LONG = 0x1111111111111111L;
  private static final long THEIRS_LONG = 0x2222222222222222L;
  private static final int O_RDWR_CREAT = 0102;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final AtomicLong ACCESSES = new AtomicLong();
  private static final AtomicLong ERRORS = new AtomicLong();
  private static final AtomicLong FOREIGN_LOADS = new AtomicLong();
  private static final AtomicLong UNEXPECTED = new AtomicLong();

  private PlainAccessRace() {}

  public static void main(String[] arguments) throws Exception {
    long foreignStores = 0;
    try (ImageFixture image = new ImageFixture();
        Arena arena = Arena.ofShared()) {
      Ext2FileSystem fs = image.mount();
      OpenFile file = fs.open("/file", O_RDWR_CREAT, 0644);
      OpenFile thief = fs.open("/thief", O_RDWR_CREAT, 0644);
      byte[] ours = OnImage.bytes(PAGES * P, 0x11);
      file.pwrite(0, ours);
      MemorySegment segment = file.map(MapMode.READ_WRITE, 0, (long) PAGES * P, arena).segment();
      AtomicBoolean stop = new AtomicBoolean();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int seed = i;
        threads.add(Thread.ofPlatform().start(() -> use(segment, stop, seed)));
      }
      for (int round = 0; round < ROUNDS; round++) {
        foreignStores += turn(file, thief, ours);
      }
      stop.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    System.out.printf(
        "foreign loads %d, foreign stores %d, unexpected %d; %d accesses, %d errors%n",
        FOREIGN_LOADS.get(), foreignStores, UNEXPECTED.get(), ACCESSES.get(), ERRORS.get());
    if (ERRORS.get() == 0 && FOREIGN_LOADS.get() == 0) {
      throw new IllegalStateException("nobody met the truncation");
    }
  }

  /** Answers how many bytes of the other file are not its own. */
  private static long turn(OpenFile file, OpenFile thief, byte[] ours) throws IOException {
    file.truncate(P);
    byte[] theirs = OnImage.bytes(PAGES * P, THEIRS);
    thief.pwrite(0, theirs);
    long before = ACCESSES.get();
    long end = System.nanoTime() + BOUND_NANOS;
    while (ACCESSES.get() < before + 64) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("nobody uses the memory any more");
      }
      Thread.onSpinWait();
    }
    thief.pread(0, theirs);
    long foreign = 0;
    for (byte each : theirs) {
      foreign += each == THEIRS ? 0 : 1;
    }
    thief.truncate(0);
    file.pwrite(0, ours);
    return foreign;
  }

  private static void use(MemorySegment segment, AtomicBoolean stop, int seed) {
    long page = seed;
    while (!stop.get()) {
      // Around the loop: the JVM reports a fault at its next safepoint poll, wherever that is.
      try {
        while (!stop.get()) {
          page = (page * 31 + 17) % PAGES;
          ACCESSES.incrementAndGet();
          access(segment, page * P + 128, seed % 2 == 0);
        }
      } catch (InternalError gone) {
        ERRORS.incrementAndGet();
      } catch (RuntimeException failure) {
        UNEXPECTED.incrementAndGet();
      }
    }
  }

  private static void access(MemorySegment segment, long at, boolean loads) {
    if (!loads) {
      segment.set(LONG, at, OURS_LONG);
      return;
    }
    // What a load that has faulted leaves behind is anything, but hardly this.
    if (segment.get(LONG, at) == THEIRS_LONG) {
      FOREIGN_LOADS.incrementAndGet();
    }
  }
}
