// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file that somebody else truncates while it is mapped. */
@Timeout(120)
abstract class TruncationContract {
  private static final int SIZE = 64 << 10;

  /** Enough for the optimising compiler to have compiled the load. */
  private static final int WARM_UP = 300_000;

  @TempDir(factory = Place.class)
  Path folder;

  abstract Backend backend();

  private PmemRegion truncated(Arena arena) throws Exception {
    Path file = folder.resolve("region");
    PmemRegion region = Pmem.map(file, MapSpec.createNew(SIZE).backend(backend()), arena);
    region.fill(0, SIZE, (byte) 1);
    byte[] target = new byte[64];
    for (int i = 0; i < WARM_UP; i++) {
      region.getLong(8);
      region.read(64, target);
    }
    truncate(file);
    return region;
  }

  /** Through another open file: to the mapping that is as good as another process. */
  private static void truncate(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(8192);
    }
  }

  @Test
  void checkedLoadsNameThePlace() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = truncated(arena);
      assertThat(region.getLong(4096)).isEqualTo(0x0101010101010101L);
      byte[] target = new byte[64];
      for (int i = 0; i < 200; i++) {
        long offset = 8192 + 8L * i;
        assertNoMemory(offset, 8, () -> region.getLong(offset));
        assertNoMemory(offset, 8, () -> region.getLongAcquire(offset));
        assertNoMemory(offset, 4, () -> region.getInt(offset));
        assertNoMemory(offset, 2, () -> region.getShort(offset));
        assertNoMemory(offset, 1, () -> region.getByte(offset));
        assertNoMemory(offset, 64, () -> region.read(offset, target));
      }
      PmemRegion slice = region.slice(4096, 8192);
      assertNoMemory(8192, 8, () -> slice.getLong(4096));
      assertNoMemory(8184, 16, () -> slice.read(4088, target, 0, 16));
      assertThat(region.getLong(8184)).isEqualTo(0x0101010101010101L);
    }
  }

  private static void assertNoMemory(long offset, long length, Runnable load) {
    assertThatExceptionOfType(PmemMediaException.class)
        .isThrownBy(load::run)
        .satisfies(fault -> {
          assertThat(fault.offset()).isEqualTo(offset);
          assertThat(fault.length()).isEqualTo(length);
          assertThat(fault.operation()).isEqualTo("read");
        });
  }

  @Test
  void persistFailsWhereTheFileEnds() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = truncated(arena);
      assumeOrdinaryFile(region);
      region.persist(0, 8192);
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.persist(8184, 16))
          .withMessageContaining("truncated to 8192")
          .satisfies(failure -> {
            assertThat(failure.offset()).isEqualTo(8184);
            assertThat(failure.length()).isEqualTo(16);
          });
      assertThatExceptionOfType(PmemException.class).isThrownBy(() -> region.flush(16384, 8));
      assertThatExceptionOfType(PmemException.class)
          .isThrownBy(() -> region.slice(4096, 8192).persist(4096, 8));
    }
  }

  /** Why the length is looked at: msync itself has nothing to complain about. */
  @Test
  void msyncAloneDoesNotNotice() throws Exception {
    Path file = folder.resolve("raw");
    try (Arena arena = Arena.ofShared();
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      var mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, arena);
      mapped.set(ValueLayout.JAVA_LONG, 16384, 1);
      truncate(file);
      mapped.asSlice(16384, 8).force();
    }
  }

  private static void assumeOrdinaryFile(PmemRegion region) {
    // Writing back cache lines that are no longer there kills the JVM: stated in the javadoc.
    assumeTrue(region.granularity() == Granularity.PAGE, "only msync survives a truncated file");
  }
}
