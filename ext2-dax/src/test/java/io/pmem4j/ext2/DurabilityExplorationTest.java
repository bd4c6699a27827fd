// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import io.pmem4j.explore.Exploration;
import io.pmem4j.explore.Explorer;
import io.pmem4j.explore.Scenario;
import io.pmem4j.ext2.PendingMemory.Call;
import io.pmem4j.ext2.layout.Superblock;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.Vma;
import io.pmem4j.sched.Scheduler;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two calls in every order at two preemptions, with flush and drain as points at which the other
 * one may run. Each call that promises durability is judged by a power cut at its return.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
@Tag("slow")
class DurabilityExplorationTest {
  private static final int P = DurableImage.P;
  private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;
  private static final int LARGE_FILE = 2;

  /** Behind the first block of pointers. */
  private static final long FAR = 20 * P;

  /** A mounted file system with two files, each changed by write(2) and through a mapping. */
  private static final class TwoChangedFiles {
    final PendingMemory memory;
    final Ext2FileSystem fs;
    final OpenFile f;
    final OpenFile g;
    final Vma mapped;

    TwoChangedFiles(Scheduler scheduler) throws IOException {
      memory = new PendingMemory(DurableImage.empty(), scheduler::currentTask);
      fs = DurableImage.mount(memory, scheduler);
      f = fs.open("/f", 0102, 0644);
      g = fs.open("/g", 0102, 0644);
      fs.sync();
      g.pwrite(FAR, new byte[] {7});
      f.pwrite(FAR, new byte[] {7});
      mapped = fs.newAddressSpace().mmap(f.mappable(), 0, P, READ_WRITE, AddressSpace.MAP_SHARED);
      store(8);
      memory.listen((call, _, _) -> {
        if (call != Call.STORE) {
          scheduler.yieldPoint(Scheduler.Point.PERSIST, memory);
        }
      });
    }

    void store(int value) {
      mapped.mm().store(mapped, 0, new byte[] {(byte) value});
    }

    void msync() throws IOException {
      mapped.mm().msync(mapped, 0, P, AddressSpace.MS_SYNC);
    }

    void assertDurable(String path, long position, int value) throws IOException {
      DurableImage.assertHolds(memory.afterPowerCut(), path, FAR + 1, position, value);
    }
  }

  private interface Body {
    void run(TwoChangedFiles files) throws Throwable;
  }

  private static Exploration explore(Body a, Body b) {
    Scenario scenario =
        scheduler -> {
          TwoChangedFiles files = new TwoChangedFiles(scheduler);
          return () ->
              List.of(
                  new Scenario.Task("A", () -> a.run(files)),
                  new Scenario.Task("B", () -> b.run(files)));
        };
    return Explorer.bounded(2).explore(scenario);
  }

  private static void assertNothingFound(Body a, Body b) {
    Exploration exploration = explore(a, b);
    assertThat(exploration.findings()).isEmpty();
    assertThat(exploration.complete()).isTrue();
  }

  private static void fsyncF(TwoChangedFiles files) throws IOException {
    files.f.fsync();
    files.assertDurable("/f", FAR, 7);
    files.assertDurable("/f", 0, 8);
  }

  private static void fsyncG(TwoChangedFiles files) throws IOException {
    files.g.fsync();
    files.assertDurable("/g", FAR, 7);
  }

  private static void sync(TwoChangedFiles files) throws IOException {
    files.fs.sync();
    files.assertDurable("/f", FAR, 7);
    files.assertDurable("/f", 0, 8);
    files.assertDurable("/g", FAR, 7);
  }

  @Test
  void twoFsyncsOfAFile() {
    assertNothingFound(DurabilityExplorationTest::fsyncF, DurabilityExplorationTest::fsyncF);
  }

  @Test
  void fsyncsOfTwoFiles() {
    assertNothingFound(DurabilityExplorationTest::fsyncF, DurabilityExplorationTest::fsyncG);
  }

  @Test
  void syncAndFsync() {
    assertNothingFound(DurabilityExplorationTest::sync, DurabilityExplorationTest::fsyncF);
  }

  @Test
  void twoSyncs() {
    assertNothingFound(DurabilityExplorationTest::sync, DurabilityExplorationTest::sync);
  }

  @Test
  void freezeAndFsync() {
    assertNothingFound(
        files -> {
          files.fs.freeze();
          files.assertDurable("/g", FAR, 7);
          files.fs.thaw();
        },
        DurabilityExplorationTest::fsyncF);
  }

  @Test
  void storeThenMsyncBesideStoreThenFsync() {
    assertNothingFound(
        files -> {
          files.store(9);
          files.msync();
          files.assertDurable("/f", 0, 9);
        },
        files -> {
          files.store(9);
          files.f.fsync();
          files.assertDurable("/f", 0, 9);
        });
  }

  /** A value that read(2) has returned is durable after an fsync by the reader. */
  @Test
  void writeBesideReadThenFsync() {
    assertNothingFound(
        files -> files.f.pwrite(FAR, new byte[] {9}),
        files -> {
          byte[] seen = new byte[1];
          files.f.pread(FAR, seen);
          files.f.fsync();
          if (seen[0] == 9) {
            files.assertDurable("/f", FAR, 9);
          }
        });
  }

  /** The superblock's feature is durable with the first large file, whoever sets it. */
  @Test
  void twoLargeFiles() {
    long large = 3L << 30;
    PendingMemory empty = new PendingMemory(DurableImage.empty(), Thread::currentThread);
    assertThat(new Superblock(empty, Superblock.PRIMARY_OFFSET).featureRoCompat() & LARGE_FILE)
        .as("large_file of a new image")
        .isZero();
    assertNothingFound(
        files -> {
          files.f.truncate(large);
          files.f.fsync();
          assertLarge(files);
        },
        files -> {
          files.g.truncate(large);
          files.g.fsync();
          assertLarge(files);
        });
  }

  @Test
  void largeFileBesideSync() {
    assertNothingFound(
        files -> {
          files.f.truncate(3L << 30);
          files.f.fsync();
          assertLarge(files);
        },
        files -> files.fs.sync());
  }

  private static void assertLarge(TwoChangedFiles files) {
    Superblock superblock = new Superblock(files.memory.afterPowerCut(), Superblock.PRIMARY_OFFSET);
    assertThat(superblock.featureRoCompat() & LARGE_FILE).as("large_file").isNotZero();
  }
}
