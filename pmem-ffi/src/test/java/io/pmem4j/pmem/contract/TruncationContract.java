// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file that another process truncates while it is mapped. */
@Timeout(120)
abstract class TruncationContract {
  private static final int FAULTS = Rounds.of(8_000, 120);

  private static final int SIZE = 64 << 10;

  /** Enough for the optimising compiler to have compiled the load; a guest's begins at 100,000. */
  private static final int WARM_UP = Rounds.of(300_000, 150_000);

  @TempDir(factory = Place.class)
  Path folder;

  abstract Backend backend();

  private PmemRegion region(Arena arena) throws Exception {
    Path file = folder.resolve("region");
    PmemRegion region = Pmem.map(file, MapSpec.createNew(SIZE).backend(backend()), arena);
    region.fill(0, SIZE, (byte) 1);
    return region;
  }

  private PmemRegion truncated(Arena arena) throws Exception {
    Path file = folder.resolve("region");
    PmemRegion region = region(arena);
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
      for (int i = 0; i < Rounds.of(200, 30); i++) {
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
    assertNoMemory("read", offset, length, load);
  }

  private static void assertNoMemory(String operation, long offset, long length, Runnable access) {
    assertThatExceptionOfType(PmemMediaException.class)
        .isThrownBy(access::run)
        .satisfies(fault -> {
          assertThat(fault.offset()).isEqualTo(offset);
          assertThat(fault.length()).isEqualTo(length);
          assertThat(fault.operation()).isEqualTo(operation);
          assertThat(fault.isPlaceCertain()).isTrue();
        });
  }

  /** The compiler sees that nothing uses the value. */
  private static void discard(PmemRegion region, long offset) {
    region.getLong(offset);
    region.getByte(offset);
    region.getLongAcquire(offset);
  }

  @Test
  void loadsOfDiscardedValuesThrow() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = region(arena);
      for (int i = 0; i < WARM_UP; i++) {
        discard(region, 16384);
      }
      truncate(folder.resolve("region"));
      for (int i = 0; i < Rounds.of(100, 20); i++) {
        assertNoMemory(16384, 8, () -> discard(region, 16384));
      }
    }
  }

  /** The second access that finds the place is compiled by then, as the first one is. */
  @Test
  @Tag("slow")
  void manyFaultsAllNameThePlace() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = truncated(arena);
      byte[] target = new byte[64];
      int uncertain = 0;
      for (int i = 0; i < FAULTS; i++) {
        uncertain += isPlaceUncertain(() -> sink += region.getLong(16384));
        uncertain += isPlaceUncertain(() -> sink += region.getInt(16384));
        uncertain += isPlaceUncertain(() -> sink += region.getByte(16384));
        uncertain += isPlaceUncertain(() -> region.read(16384, target));
      }
      assertThat(uncertain).isZero();
    }
  }

  private static int isPlaceUncertain(Runnable load) {
    try {
      load.run();
      throw new AssertionError("loaded");
    } catch (PmemMediaException fault) {
      return fault.isPlaceCertain() ? 0 : 1;
    }
  }

  @Test
  void checkedSumsAndReadsNotice() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = truncated(arena);
      CRC32C sum = new CRC32C();
      sum.update(new byte[] {1, 1, 1, 1});
      assertThat(region.crc32c(4096, 4)).isEqualTo(sum.getValue());
      ByteBuffer direct = ByteBuffer.allocateDirect(64);
      MemorySegment heap = MemorySegment.ofArray(new byte[64]);
      assertNoMemory(8192, 64, () -> region.crc32c(8192, 64));
      assertNoMemory(8192, 64, () -> region.read(8192, direct));
      assertThat(direct.position()).isZero();
      assertNoMemory(8160, 64, () -> region.read(8160, heap, 0, 64));
    }
  }

  /** Compiled together, so that nothing between the store and the call delivers its fault. */
  private static void storeThen(PmemRegion region, long bad, int call) {
    region.putLong(bad, 7);
    switch (call) {
      case 0 -> sink += region.getLong(8);
      case 1 -> region.flush(0, 8);
      case 2 -> region.drain();
      case 3 -> region.persist(0, 8);
      case 4 -> region.publishLong(0, 7);
      default -> region.compareAndPublish(0, region.getLong(0), 7);
    }
  }

  private static void loadThen(PmemRegion region, long bad, int call) {
    sink += (long) LONG.get(region.segment(), bad);
    switch (call) {
      case 0 -> sink += region.getLong(8);
      case 1 -> region.flush(0, 8);
      case 2 -> region.drain();
      case 3 -> region.persist(0, 8);
      case 4 -> region.publishLong(0, 7);
      default -> region.compareAndPublish(0, region.getLong(0), 7);
    }
  }

  private static final int CALLS = 6;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static volatile long sink;

  private PmemRegion usedAndTruncated(Arena arena) throws Exception {
    PmemRegion region = region(arena);
    for (int i = 0; i < WARM_UP; i++) {
      int call = i % 1000 == 0 ? i / 1000 % CALLS : 0; // a disk may be slow
      storeThen(region, 16384, call);
      loadThen(region, 16384, call);
    }
    truncate(folder.resolve("region"));
    return region;
  }

  @Test
  void storesNameTheirPlace() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = usedAndTruncated(arena);
      byte[] source = new byte[64];
      for (int i = 0; i < Rounds.of(200, 5 * CALLS); i++) {
        int call = i % CALLS;
        assertNoMemory("store", 16384, 8, () -> storeThen(region, 16384, call));
        assertNoMemory("store", 16384, 4, () -> region.putInt(16384, 1));
        assertNoMemory("store", 16386, 2, () -> region.putShort(16386, (short) 1));
        assertNoMemory("store", 16387, 1, () -> region.putByte(16387, (byte) 1));
        assertNoMemory("store", 8180, 64, () -> region.copy(8180, source, 0, 64));
        assertNoMemory("store", 16384, 64, () -> region.fill(16384, 64, (byte) 1));
        assertNoMemory("store", 16384, 8, () -> region.publishLong(16384, 1));
        assertNoMemory("read", 16384, 8, () -> region.compareAndPublish(16384, 0, 1));
      }
      // What was to be published after the store is not.
      region.putLong(0, 3);
      assertNoMemory("store", 16384, 8, () -> storeThen(region, 16384, 4));
      assertThat(region.getLong(0)).isEqualTo(3);
    }
  }

  /** Accesses around the region: the JVM tells of them when it likes, but before the promise. */
  @Test
  void callsDoNotAccuseTheWrongPlace() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = usedAndTruncated(arena);
      // A fault is late in compiled code alone: a JVM of its own has time for that.
      String asked = System.getenv("PMEM4J_TEST_ROUNDS");
      int rounds = asked == null ? Rounds.of(600, 20 * CALLS) : Integer.parseInt(asked);
      for (int i = 0; i < rounds; i++) {
        int call = i % CALLS;
        assertThatExceptionOfType(Throwable.class)
            .isThrownBy(() -> loadThen(region, 16384, call))
            .satisfies(fault -> {
              if (fault instanceof PmemMediaException told) {
                assertThat(told.isPlaceCertain()).isFalse();
                assertThat(told).hasMessageContaining("an earlier unchecked access");
              } else {
                assertThat(fault).isInstanceOf(InternalError.class);
              }
            });
      }
    }
  }

  @Test
  void bulkStoresNameTheirPlace() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = truncated(arena);
      assumeOrdinaryFile(region);
      byte[] source = new byte[64];
      for (int i = 0; i < Rounds.of(100, 20); i++) {
        assertThatExceptionOfType(PmemMediaException.class)
            .isThrownBy(() -> region.write(16384, source, 0, 64, Caching.AUTO))
            .satisfies(fault -> {
              assertThat(fault.isPlaceCertain()).isTrue();
              assertThat(fault.offset()).isEqualTo(16384);
            });
        assertThatExceptionOfType(PmemMediaException.class)
            .isThrownBy(() -> region.writeFill(16384, 64, (byte) 1, Caching.AUTO))
            .satisfies(fault -> assertThat(fault.offset()).isEqualTo(16384));
      }
    }
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

  /** The reason why persist checks the length: msync itself reports no error. */
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
