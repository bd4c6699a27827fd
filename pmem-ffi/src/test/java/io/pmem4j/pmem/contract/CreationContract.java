// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Creation of files, and the lock of their writers, by either backend. */
abstract class CreationContract extends MappedFileContract {
  @Test
  void anExistingFileIsNotReplaced() throws Exception {
    Files.writeString(file, "precious");
    assertRefused(FileAlreadyExistsException.class, file, createNew(SIZE));
    assertRefused(FileAlreadyExistsException.class, file, createNew(SIZE).sparse());
    assertThat(file).hasContent("precious");
  }

  @Test
  void impossibleLengthsAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> createNew(0));
    assertThatIllegalArgumentException().isThrownBy(() -> createNew(-1));
    for (long bytes : new long[] {1L << 50, Long.MAX_VALUE}) {
      assertRefused(IOException.class, file, createNew(bytes));
      assertThat(file).doesNotExist();
    }
    assertRefused(IOException.class, file, createNew(Long.MAX_VALUE).sparse());
    assertThat(file).doesNotExist();
  }

  @Test
  void aCoarserMediumThanRequiredIsRefused() throws Exception {
    Granularity medium;
    try (Arena arena = Arena.ofConfined()) {
      medium = Pmem.map(folder.resolve("probe"), createNew(SIZE), arena).granularity();
    }
    for (Granularity required : Granularity.values()) {
      Path own = folder.resolve("new-" + required);
      Path old = Files.write(folder.resolve("old-" + required), new byte[SIZE]);
      if (medium.compareTo(required) <= 0) {
        try (Arena arena = Arena.ofConfined()) {
          assertThat(Pmem.map(own, createNew(SIZE).require(required), arena).granularity())
              .isLessThanOrEqualTo(required);
        }
      } else {
        assertThat(assertRefused(FileSystemException.class, own, createNew(SIZE).require(required)))
            .hasMessageContaining("required")
            .hasMessageContaining(required.name());
        assertThat(own).doesNotExist();
        assertRefused(FileSystemException.class, old, existing().require(required));
        assertThat(old).hasSize(SIZE);
      }
    }
  }

  @Test
  void newFilesAreAllocatedUnlessSparse() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      Pmem.map(file, createNew(1 << 20), arena);
      Pmem.map(folder.resolve("sparse"), createNew(1 << 20).sparse(), arena);
    }
    assertThat(Files.size(folder.resolve("sparse"))).isEqualTo(1 << 20);
    assertThat(blocks(file)).isGreaterThanOrEqualTo(2048);
    assertThat(blocks(folder.resolve("sparse"))).isLessThan(64);
  }

  @Test
  void openOrCreateCreatesOnceAndOpensThen() throws Exception {
    MapSpec spec = MapSpec.openOrCreate(SIZE).backend(backend());
    for (long round = 0; round < 3; round++) {
      try (Arena arena = Arena.ofConfined()) {
        PmemRegion region = Pmem.map(file, spec, arena);
        assertThat(region.byteSize()).isEqualTo(SIZE);
        assertThat(region.getLong(0)).isEqualTo(round);
        region.publishLong(0, round + 1);
      }
    }
    assertRefused(FileAlreadyExistsException.class, file, createNew(SIZE));
    assertRefused(NoSuchFileException.class, folder.resolve("no/such"), spec);
    try (Stream<Path> all = Files.list(folder)) {
      assertThat(all).containsExactly(file);
    }
  }

  /** Longer files than specified are opened whole, shorter ones refused. */
  @Test
  void openOrCreateRefusesAShortFile() throws Exception {
    Files.write(file, new byte[SIZE - 1]);
    FileSystemException refusal =
        assertRefused(
            FileSystemException.class, file, MapSpec.openOrCreate(SIZE).backend(backend()));
    assertThat(refusal).hasMessageContaining("has 65535 bytes, expected at least 65536");
    Files.write(file, new byte[0]);
    assertRefused(FileSystemException.class, file, MapSpec.openOrCreate(SIZE).backend(backend()));
    Files.write(file, new byte[SIZE + 5]);
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, MapSpec.openOrCreate(SIZE).backend(backend()), arena);
      assertThat(region.byteSize()).isEqualTo(SIZE + 5);
    }
  }

  @Test
  void severalThatCreateAtOnceHaveOneFile() throws Exception {
    MapSpec spec = MapSpec.openOrCreate(SIZE).backend(backend());
    try (Arena arena = Arena.ofShared();
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<PmemRegion>> regions = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        regions.add(threads.submit(() -> Pmem.map(file, spec, arena)));
      }
      regions.getFirst().get().putLong(8, 7);
      for (Future<PmemRegion> region : regions) {
        assertThat(region.get().getLong(8)).isEqualTo(7);
      }
    }
  }

  @Test
  void anExclusiveFileHasOneWriter() throws Exception {
    MapSpec alone = MapSpec.openOrCreate(SIZE).exclusive().backend(backend());
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, alone, arena).publishLong(0, 1);
      assertThat(assertRefused(FileLockedException.class, file, existing()))
          .hasMessageContaining("exclusively");
      assertRefused(FileLockedException.class, file, alone);
      PmemRegion reader = Pmem.map(file, existing().readOnly(), arena);
      assertThat(reader.getLong(0)).isEqualTo(1);
    }
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, existing(), arena);
      Pmem.map(file, existing(), arena);
      assertThat(assertRefused(FileLockedException.class, file, alone))
          .hasMessageContaining("mapped for writing");
    }
    try (Arena arena = Arena.ofShared()) {
      Pmem.map(file, alone, arena);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> existing().readOnly().exclusive());
    assertThatIllegalArgumentException().isThrownBy(() -> existing().exclusive().readOnly());
  }

  private static long blocks(Path path) throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/stat")), "no stat here");
    return Long.parseLong(run("/usr/bin/stat", "-c", "%b", path.toString()).strip());
  }
}
