// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemFile;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The behaviour of growing files of either backend. */
@Timeout(120)
abstract class FileContract {
  private static final int SIZE = 64 << 10;

  @TempDir(factory = Place.class)
  Path folder;

  Path path;

  abstract Backend backend();

  @BeforeEach
  void name() {
    path = folder.resolve("file");
  }

  private MapSpec spec(long bytes) {
    return MapSpec.openOrCreate(bytes).backend(backend());
  }

  @Test
  void growsFromNothing() throws Exception {
    try (Arena arena = Arena.ofShared();
        PmemFile file = PmemFile.open(path, MapSpec.openOrCreateEmpty().backend(backend()))) {
      assertThat(path).isEmptyFile();
      assertThat(file.path()).isEqualTo(path);
      file.extend(10_000);
      assertThat(path).hasSize(10_000);
      file.extend(5_000);
      assertThat(file.length()).isEqualTo(10_000);
      PmemRegion front = file.region(0, 10_000, arena);
      front.putLong(9_992, 1);
      front.persist(9_992, 8);
      file.extend(SIZE);
      PmemRegion back = file.region(9_992, SIZE - 9_992, arena);
      assertThat(back.getLong(0)).isEqualTo(1);
      assertThat(back.getLong(8)).isZero();
      back.publishLong(SIZE - 10_000, 2);
      assertThat(front.fileOffset()).isZero();
      assertThat(back.fileOffset()).isEqualTo(9_992);
      assertThat(back.backend()).isEqualTo(backend());
    }
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(path, MapSpec.existing().backend(backend()), arena);
      assertThat(region.byteSize()).isEqualTo(SIZE);
      assertThat(region.getLong(9_992)).isEqualTo(1);
      assertThat(region.getLong(SIZE - 8)).isEqualTo(2);
    }
  }

  @Test
  void newBytesHaveBlocks() throws Exception {
    try (PmemFile file = PmemFile.open(path, spec(4096))) {
      file.extend(1 << 20);
      file.extend(1 << 20);
      long blocks = (Long) Files.getAttribute(path, "unix:size");
      assertThat(blocks).isEqualTo(1 << 20);
      Process stat =
          new ProcessBuilder("stat", "-c", "%b %B", path.toString())
              .redirectErrorStream(true)
              .start();
      String[] words = new String(stat.getInputStream().readAllBytes()).strip().split(" ", -1);
      assertThat(Long.parseLong(words[0]) * Long.parseLong(words[1]))
          .isGreaterThanOrEqualTo(1 << 20);
    }
  }

  @Test
  void regionsShareTheDescriptor() throws Exception {
    try (Arena arena = Arena.ofShared();
        PmemFile file = PmemFile.open(path, spec(SIZE))) {
      file.region(0, 8, arena);
      long before = descriptors();
      for (int i = 0; i < 30; i++) {
        file.region(8 * i, 4096, arena).persist(0, 8);
      }
      assertThat(descriptors()).isLessThanOrEqualTo(before + 5);
    }
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  @Test
  void truncationRevokesForGood() throws Exception {
    try (Arena arena = Arena.ofShared();
        PmemFile file = PmemFile.open(path, spec(SIZE))) {
      PmemRegion whole = file.region(0, SIZE, arena);
      PmemRegion other = Pmem.map(path, MapSpec.existing().backend(backend()), arena);
      PmemRegion tail = file.region(32_768, 8192, arena);
      whole.fill(0, SIZE, (byte) 1);
      whole.persist(0, SIZE);
      file.truncate(8192);
      assertThat(path).hasSize(8192);
      assertRevoked(whole, other, tail);
      file.extend(SIZE);
      assertRevoked(whole, other, tail);
      PmemRegion again = file.region(0, SIZE, arena);
      assertThat(again.getByte(8191)).isEqualTo((byte) 1);
      assertThat(again.getLong(8192)).isZero();
      again.putLong(8192, 5);
      again.persist(0, SIZE);
      assertRevoked(whole, other, tail);
    }
  }

  private static void assertRevoked(PmemRegion whole, PmemRegion other, PmemRegion tail) {
    for (PmemRegion each : new PmemRegion[] {whole, other}) {
      assertThat(each.getByte(8191)).isEqualTo((byte) 1);
      each.persist(0, 8192);
      assertNoMemory(() -> each.getLong(8192));
      assertNoMemory(() -> each.putLong(SIZE - 8, 1));
      assertNoMemory(() -> each.persist(8192, 8));
      assertNoMemory(() -> each.flush(8184, 16));
      assertNoMemory(() -> each.writeFill(8192, 8, (byte) 3, io.pmem4j.pmem.Caching.AUTO));
      assertNoMemory(() -> each.publishLong(8192, 1));
      each.drain();
    }
    assertNoMemory(() -> tail.getByte(0));
    assertNoMemory(() -> tail.persist(0, 8));
  }

  private static void assertNoMemory(Runnable call) {
    assertThatExceptionOfType(PmemMediaException.class).isThrownBy(call::run);
  }

  /** Native code may be at work in a region whose uses are not counted. */
  @Test
  void aConfinedRegionOfAnotherThread() throws Exception {
    CountDownLatch mapped = new CountDownLatch(1);
    CountDownLatch truncated = new CountDownLatch(1);
    AtomicReference<Granularity> granularity = new AtomicReference<>();
    try (PmemFile file = PmemFile.open(path, spec(SIZE))) {
      Thread owner =
          Thread.ofPlatform()
              .start(() -> {
                try (Arena confined = Arena.ofConfined()) {
                  granularity.set(file.region(0, SIZE, confined).granularity());
                  mapped.countDown();
                  truncated.await();
                } catch (IOException | InterruptedException unexpected) {
                  throw new AssertionError(unexpected);
                }
              });
      mapped.await();
      try {
        if (granularity.get() == Granularity.PAGE) {
          file.truncate(4096);
          assertThat(file.length()).isEqualTo(4096);
        } else {
          assertThatExceptionOfType(FileSystemException.class)
              .isThrownBy(() -> file.truncate(4096))
              .withMessageContaining("another thread's");
          assertThat(file.length()).isEqualTo(SIZE);
        }
      } finally {
        truncated.countDown();
        owner.join();
      }
    }
  }

  @Test
  void renames() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other")).resolve("name");
    try (Arena arena = Arena.ofShared();
        PmemFile file = PmemFile.open(path, spec(SIZE))) {
      PmemRegion region = file.region(0, SIZE, arena);
      region.publishLong(0, 7);
      file.rename(other);
      assertThat(path).doesNotExist();
      assertThat(file.path()).isEqualTo(other);
      region.publishLong(8, 8);
      region.deepPersist(0, 16); // needs the name
      Files.createFile(path);
      assertThatExceptionOfType(FileAlreadyExistsException.class)
          .isThrownBy(() -> file.rename(path));
      assertThat(path).isEmptyFile();
      Files.delete(other);
      Files.createFile(other);
      assertThatExceptionOfType(FileSystemException.class)
          .isThrownBy(() -> file.rename(folder.resolve("third")))
          .withMessageContaining("no longer leads to the open file");
      assertThat(other).isEmptyFile();
      assertThat(region.getLong(0)).isEqualTo(7);
    }
  }

  @Test
  void theLockLastsUntilTheLastRegionIsClosed() throws Exception {
    MapSpec existing = MapSpec.existing().backend(backend());
    try (Arena arena = Arena.ofShared()) {
      try (PmemFile file = PmemFile.open(path, spec(SIZE).exclusive())) {
        file.region(0, 8, arena);
        assertThatExceptionOfType(FileLockedException.class)
            .isThrownBy(() -> PmemFile.open(path, existing));
      }
      assertThatExceptionOfType(FileLockedException.class)
          .isThrownBy(() -> PmemFile.open(path, existing));
    }
    PmemFile.open(path, existing).close();
  }

  @Test
  void whatDoesNotFitIsRefusedAndChangesNothing() throws Exception {
    try (PmemFile file = PmemFile.open(path, spec(SIZE))) {
      assertThatExceptionOfType(FileSystemException.class)
          .isThrownBy(() -> file.extend(Long.MAX_VALUE / 2));
      assertThat(file.length()).isEqualTo(SIZE);
      try (Arena arena = Arena.ofConfined()) {
        assertThatExceptionOfType(FileSystemException.class)
            .isThrownBy(() -> file.region(0, SIZE + 1, arena));
        assertThatExceptionOfType(FileSystemException.class)
            .isThrownBy(() -> file.region(SIZE, 8, arena));
        assertThatIllegalArgumentException().isThrownBy(() -> file.region(4, 8, arena));
        assertThatIllegalArgumentException().isThrownBy(() -> file.region(-8, 8, arena));
        assertThatIllegalArgumentException().isThrownBy(() -> file.region(0, 0, arena));
      }
      assertThatIllegalArgumentException().isThrownBy(() -> file.truncate(-1));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PmemFile.open(path, spec(SIZE).slice(0, 4096)));
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> PmemFile.open(path, spec(SIZE + 1)))
        .withMessageContaining("expected at least");
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> PmemFile.open(folder, spec(SIZE)))
        .withMessageContaining("is a directory");
    try (Arena arena = Arena.ofConfined()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Pmem.map(path, MapSpec.openOrCreateEmpty(), arena));
    }
  }

  @Test
  void readOnlyAndClosedFiles() throws Exception {
    PmemFile.open(path, spec(SIZE)).close();
    MapSpec reader = MapSpec.existing().readOnly().backend(backend());
    PmemFile closed;
    try (Arena arena = Arena.ofConfined();
        PmemFile file = PmemFile.open(path, reader)) {
      closed = file;
      PmemRegion region = file.region(4096, 8, arena);
      assertThat(region.getLong(0)).isZero();
      assertThatIllegalArgumentException().isThrownBy(() -> region.putLong(0, 1));
      assertThatIllegalArgumentException().isThrownBy(() -> file.extend(2 * SIZE));
      assertThatIllegalArgumentException().isThrownBy(() -> file.truncate(0));
    }
    closed.close();
    assertThatIllegalStateException().isThrownBy(closed::length);
    assertThatIllegalStateException().isThrownBy(() -> closed.rename(folder.resolve("x")));
    assertThatIllegalStateException().isThrownBy(closed::channel);
    try (Arena arena = Arena.ofConfined()) {
      assertThatIllegalStateException().isThrownBy(() -> closed.region(0, 8, arena));
    }
  }
}
