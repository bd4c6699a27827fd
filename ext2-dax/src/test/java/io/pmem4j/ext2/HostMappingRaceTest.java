// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Eight threads load from a file while one truncates it and gives its blocks to another file: they
 * see the file's bytes, zeros or an error. And what does not hold with a planted fault.
 */
@Timeout(180)
class HostMappingRaceTest {
  private static final int P = 4096;
  private static final int PAGES = 64;
  private static final int READERS = 8;
  private static final int ROUNDS = 60;
  private static final byte OURS = 0x11;
  private static final byte THEIRS = 0x22;
  private static final int O_RDWR_CREAT = 0102;

  /** The values that readers saw. */
  private static final class Seen {
    final AtomicLong loads = new AtomicLong();
    final AtomicLong errors = new AtomicLong();
    final AtomicLong foreign = new AtomicLong();
    final AtomicReference<Throwable> unexpected = new AtomicReference<>();
  }

  private static void load(FileMapping mapping, AtomicBoolean stop, Seen seen, int seed) {
    byte[] target = new byte[64];
    long page = seed;
    try {
      while (!stop.get()) {
        page = (page * 31 + 17) % PAGES;
        try {
          mapping.read(page * P + 128, target);
          for (byte each : target) {
            if (each != OURS && each != 0) {
              seen.foreign.incrementAndGet();
            }
          }
          seen.loads.incrementAndGet();
        } catch (Ext2Exception gone) {
          seen.errors.incrementAndGet();
        }
      }
    } catch (Throwable failure) {
      seen.unexpected.set(failure);
    }
  }

  private static Seen race(MapMode mode) throws Exception {
    Seen seen = new Seen();
    try (ImageFixture image = new ImageFixture()) {
      Ext2FileSystem fs = image.mount();
      OpenFile file = fs.open("/file", O_RDWR_CREAT, 0644);
      OpenFile thief = fs.open("/thief", O_RDWR_CREAT, 0644);
      byte[] ours = OnImage.bytes(PAGES * P, OURS);
      file.pwrite(0, ours);
      AtomicBoolean stop = new AtomicBoolean();
      List<Thread> readers = new ArrayList<>();
      try (Arena arena = Arena.ofShared()) {
        FileMapping mapping = file.map(mode, 0, (long) PAGES * P, arena);
        try {
          for (int i = 0; i < READERS; i++) {
            int seed = i;
            readers.add(Thread.ofPlatform().start(() -> load(mapping, stop, seen, seed)));
          }
          for (int round = 0; round < ROUNDS; round++) {
            turn(file, thief, ours, seen);
          }
        } finally {
          stop.set(true);
          for (Thread reader : readers) {
            reader.join();
          }
        }
      }
      file.close();
      thief.close();
      fs.unmount();
      image.assertClean();
    }
    return seen;
  }

  private static void turn(OpenFile file, OpenFile thief, byte[] ours, Seen seen)
      throws IOException {
    file.truncate(P);
    thief.pwrite(0, OnImage.bytes(PAGES * P, THEIRS));
    // Some loads while the blocks are another's.
    long before = seen.loads.get() + seen.errors.get();
    while (seen.loads.get() + seen.errors.get() < before + READERS
        && seen.unexpected.get() == null) {
      Thread.yield();
    }
    thief.truncate(0);
    file.pwrite(0, ours);
  }

  @Test
  void readersNeverSeeAnotherFile() throws Exception {
    for (MapMode mode : new MapMode[] {MapMode.READ_ONLY, MapMode.READ_WRITE, MapMode.PRIVATE}) {
      Seen seen = race(mode);
      assertThat(seen.unexpected.get()).isNull();
      assertThat(seen.foreign.get()).as("%s", mode).isZero();
      assertThat(seen.errors.get()).isPositive();
      assertThat(seen.loads.get()).isPositive();
    }
  }

  /** Returns the flaw of a file that is mapped, filled, stored to and synchronised; or nothing. */
  private static String wrong() throws IOException {
    try (ImageFixture image = new ImageFixture();
        Arena arena = Arena.ofShared()) {
      Ext2FileSystem fs = image.mount();
      OpenFile file = fs.open("/file", O_RDWR_CREAT, 0644);
      file.pwrite(0, OnImage.bytes(P, OURS));
      file.truncate(4 * P);
      MemorySegment loads = file.map(MapMode.READ_ONLY, 0, 4 * P, arena).segment();
      if (loads.get(ValueLayout.JAVA_BYTE, 0) != OURS) {
        return "another block";
      }
      file.pwrite(2 * P, OnImage.bytes(P, OURS));
      if (loads.get(ValueLayout.JAVA_BYTE, 2 * P) != OURS) {
        return "still a hole";
      }
      MemorySegment stores = file.map(MapMode.READ_WRITE, 0, 4 * P, arena).segment();
      file.fsync();
      fs.trace().drain();
      stores.set(ValueLayout.JAVA_BYTE, 3 * P, OURS);
      file.fsync();
      boolean written =
          fs.trace().drain().stream().anyMatch(e -> e.toString().startsWith("dax_writeback_one"));
      return written ? "" : "not written back";
    }
  }

  @Test
  void nothingIsWrong() throws Exception {
    assertThat(wrong()).isEmpty();
  }
}
