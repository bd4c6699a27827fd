// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The behaviour of regions of either backend. */
@Timeout(120)
abstract class RegionContract {
  static final int SIZE = 64 << 10;

  @TempDir(factory = Place.class)
  Path folder;

  Path file;

  abstract Backend backend();

  @BeforeEach
  void name() {
    file = folder.resolve("region");
  }

  final MapSpec createNew(long bytes) {
    return MapSpec.createNew(bytes).backend(backend());
  }

  final MapSpec existing() {
    return MapSpec.existing().backend(backend());
  }

  @Test
  void whatIsPersistedIsThereAfterReopening() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      assertThat(region.byteSize()).isEqualTo(SIZE);
      assertThat(region.path()).isEqualTo(file);
      assertThat(region.backend()).isEqualTo(backend());
      assertThat(region.segment().byteSize()).isEqualTo(SIZE);
      assertThat(region.alignment()).isGreaterThanOrEqualTo(4096);
      assertThat(region.segment().address() % region.alignment()).isZero();
      assertThat(region.slice(24, 8).alignment()).isEqualTo(8);
      assertThat(region.getLong(SIZE - 8)).isZero();
      region.putLong(4096, 42);
      region.flush(4096, 8);
      region.drain();
      region.putInt(SIZE - 4, 43);
      region.persist(SIZE - 4, 4);
      region.publishLong(8, 44);
      region.persist(0, SIZE);
      region.persist(0, 0);
      region.flush(SIZE, 0);
    }
    assertThat(Files.size(file)).isEqualTo(SIZE);
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, existing(), arena);
      assertThat(region.byteSize()).isEqualTo(SIZE);
      assertThat(region.getLong(4096)).isEqualTo(42);
      assertThat(region.getInt(SIZE - 4)).isEqualTo(43);
      assertThat(region.getLong(8)).isEqualTo(44);
    }
    assertThat(Files.size(file)).isEqualTo(SIZE);
  }

  @Test
  void valuesAreLittleEndian() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      region.putByte(0, (byte) 0x01);
      region.putShort(2, (short) 0x0203);
      region.putInt(4, 0x04050607);
      region.putLong(8, 0x08090a0b0c0d0e0fL);
      region.publishLong(16, 0x1011121314151617L);
      byte[] bytes = new byte[24];
      region.read(0, bytes);
      assertThat(bytes)
          .containsExactly(
              0x01, 0, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09,
              0x08, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x10);
      assertThat(region.getByte(0)).isEqualTo((byte) 0x01);
      assertThat(region.getShort(2)).isEqualTo((short) 0x0203);
      assertThat(region.getInt(4)).isEqualTo(0x04050607);
      assertThat(region.getLong(8)).isEqualTo(0x08090a0b0c0d0e0fL);
    }
  }

  @Test
  void copiesAndFills() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      byte[] source = {1, 2, 3, 4, 5, 6, 7};
      region.copy(1, source, 2, 3);
      region.copy(10, MemorySegment.ofArray(source), 4, 3); // heap source
      region.copy(20, region.segment(), 1, 3); // from itself
      region.fill(30, 3, (byte) 9);
      byte[] bytes = new byte[40];
      region.read(0, bytes, 0, 33);
      assertThat(bytes)
          .startsWith(0, 3, 4, 5, 0, 0, 0, 0, 0, 0, 5, 6, 7, 0)
          .endsWith(0, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0);
      assertThat(bytes[20]).isEqualTo((byte) 3);
    }
  }

  @Test
  void theSegmentIsReadOnly() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      assertThat(region.segment().isReadOnly()).isTrue();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> region.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
      PmemRegion reader = Pmem.map(file, existing().readOnly(), arena);
      assertThatIllegalArgumentException().isThrownBy(reader::writable);
      assertThatIllegalArgumentException().isThrownBy(() -> reader.putLongRelease(0, 1));
    }
  }

  @Test
  void misalignedValuesAreRefused() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      assertThatIllegalArgumentException().isThrownBy(() -> region.putShort(1, (short) -1));
      assertThatIllegalArgumentException().isThrownBy(() -> region.putInt(2, -1));
      assertThatIllegalArgumentException().isThrownBy(() -> region.putLong(4, -1));
      assertThatIllegalArgumentException().isThrownBy(() -> region.publishLong(12, -1));
      assertThatIllegalArgumentException().isThrownBy(() -> region.getLong(4));
      assertThatIllegalArgumentException().isThrownBy(() -> region.slice(4, 8));
      assertThat(region.segment().asSlice(0, 32).mismatch(MemorySegment.ofArray(new byte[32])))
          .isEqualTo(-1);
    }
  }

  @Test
  void rangesOutsideAreRefused() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      byte[] source = new byte[16];
      long[][] ranges = {
        {-8, 8},
        {0, -1},
        {0, SIZE + 1},
        {SIZE, 8},
        {SIZE - 4, 8},
        {Long.MAX_VALUE - 7, 8},
        {8, Long.MAX_VALUE},
        {Long.MIN_VALUE, 8}
      };
      for (long[] range : ranges) {
        long offset = range[0];
        long length = range[1];
        assertOutside(() -> region.persist(offset, length));
        assertOutside(() -> region.flush(offset, length));
        assertOutside(() -> region.fill(offset, length, (byte) 1));
        assertOutside(() -> region.copy(offset, MemorySegment.ofArray(source), 0, length));
        if (length == 8 && offset % 8 == 0) {
          assertOutside(() -> region.slice(offset, length));
          assertOutside(() -> region.putLong(offset, 1));
          assertOutside(() -> region.getLong(offset));
          assertOutside(() -> region.publishLong(offset, 1));
          assertOutside(() -> region.copy(offset, source, 0, 8));
          assertOutside(() -> region.read(offset, source, 0, 8));
        }
      }
      assertOutside(() -> region.copy(0, source, 10, 7));
      assertOutside(() -> region.read(0, source, 10, 7));
      assertThat(region.getLong(SIZE - 8)).isZero();
    }
  }

  private static void assertOutside(Runnable call) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(call::run);
  }

  @Test
  void slicesAreMemoryOfTheirOwn() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      PersistentMemory slice = region.slice(4096, 8192).slice(8, 64);
      slice.putLong(0, 7);
      slice.persist(0, 64);
      assertThat(slice.byteSize()).isEqualTo(64);
      assertThat(slice.granularity()).isEqualTo(region.granularity());
      assertThat(region.getLong(4104)).isEqualTo(7);
      assertOutside(() -> slice.putLong(64, 1));
      assertOutside(() -> slice.persist(0, 65));
      assertOutside(() -> slice.slice(8, 57));
    }
  }

  /** Every method that touches the memory, by name. */
  static Map<String, Consumer<PmemRegion>> calls() {
    Map<String, Consumer<PmemRegion>> calls = new LinkedHashMap<>();
    calls.put("putByte", r -> r.putByte(0, (byte) 1));
    calls.put("putShort", r -> r.putShort(0, (short) 1));
    calls.put("putInt", r -> r.putInt(0, 1));
    calls.put("putLong", r -> r.putLong(0, 1));
    calls.put("copy segment", r -> r.copy(0, MemorySegment.ofArray(new byte[8]), 0, 8));
    calls.put("copy array", r -> r.copy(0, new byte[8], 0, 8));
    calls.put("fill", r -> r.fill(0, 8, (byte) 1));
    calls.put("flush", r -> r.flush(0, 8));
    calls.put("flush nothing", r -> r.flush(0, 0));
    calls.put("drain", PmemRegion::drain);
    calls.put("persist", r -> r.persist(0, 8));
    calls.put("persist much", r -> r.persist(0, r.byteSize()));
    calls.put("persist nothing", r -> r.persist(0, 0));
    calls.put("deepPersist", r -> r.deepPersist(0, 8));
    calls.put("deepPersist nothing", r -> r.deepPersist(0, 0));
    for (Caching how : Caching.values()) {
      calls.put("write array " + how, r -> r.write(0, new byte[8], 0, 8, how));
      calls.put("write nothing " + how, r -> r.write(0, new byte[8], 0, 0, how));
      calls.put(
          "write heap " + how, r -> r.write(0, MemorySegment.ofArray(new byte[8]), 0, 8, how));
      calls.put("writeFill " + how, r -> r.writeFill(0, 8, (byte) 1, how));
      calls.put("writeFill nothing " + how, r -> r.writeFill(0, 0, (byte) 1, how));
    }
    calls.put("compareAndPublish", r -> r.compareAndPublish(0, r.getLong(0), 1));
    calls.put("getLongAcquire", r -> r.getLongAcquire(0));
    calls.put("publishLong", r -> r.publishLong(0, 1));
    calls.put("putFloat", r -> r.putFloat(0, 1));
    calls.put("putDouble", r -> r.putDouble(0, 1));
    calls.put("putLongRelease", r -> r.putLongRelease(0, 1));
    calls.put("compareAndSetLong", r -> r.compareAndSetLong(0, r.getLong(0), 1));
    calls.put("getAndAddLong", r -> r.getAndAddLong(0, 1));
    calls.put("writable", r -> r.writable().set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
    calls.put("slice", r -> r.slice(0, 8));
    calls.put("getByte", r -> r.getByte(0));
    calls.put("getShort", r -> r.getShort(0));
    calls.put("getInt", r -> r.getInt(0));
    calls.put("getLong", r -> r.getLong(0));
    calls.put("read", r -> r.read(0, new byte[8]));
    calls.put("segment", r -> r.segment().get(ValueLayout.JAVA_BYTE, 0));
    return calls;
  }

  static void assertAllClosed(PmemRegion region) {
    calls()
        .forEach((name, call) ->
            assertThatExceptionOfType(IllegalStateException.class)
                .as(name)
                .isThrownBy(() -> call.accept(region)));
  }

  @Test
  void afterCloseEverythingIsAnIllegalState() throws Exception {
    for (boolean shared : new boolean[] {true, false}) {
      Path own = folder.resolve("closed-" + shared);
      PmemRegion region;
      PmemRegion slice;
      try (Arena arena = shared ? Arena.ofShared() : Arena.ofConfined()) {
        region = Pmem.map(own, createNew(SIZE), arena);
        slice = region.slice(8, 64);
        calls().values().forEach(call -> call.accept(region));
      }
      assertAllClosed(region);
      assertAllClosed(slice);
      assertThat(region.byteSize()).isEqualTo(SIZE);
      assertThat(region.granularity()).isNotNull();
      assertThat(region.domain()).isNotBlank();
    }
  }

  @Test
  void aConfinedRegionIsItsThreadsAlone() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      Map<String, Throwable> thrown = new LinkedHashMap<>();
      Thread other =
          Thread.ofPlatform()
              .start(() ->
                  calls()
                      .forEach((name, call) -> {
                        try {
                          call.accept(region);
                        } catch (WrongThreadException expected) {
                          return;
                        } catch (RuntimeException unexpected) {
                          thrown.put(name, unexpected);
                          return;
                        }
                        thrown.put(name, new AssertionError("nothing thrown"));
                      }));
      other.join();
      assertThat(thrown).isEmpty();
    }
  }

  @Test
  void aClosedArenaIsRefusedAndLeavesNothing() {
    Arena arena;
    try (Arena closing = Arena.ofShared()) {
      arena = closing;
    }
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> Pmem.map(file, createNew(SIZE), arena));
    assertThat(file).doesNotExist();
  }

  @Test
  void beyondTwoGibibytes() throws Exception {
    long bytes = 5L << 30;
    long far = (9L << 29) + 8;
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, createNew(bytes).sparse(), arena);
      region.putLong(far, 77);
      region.persist(far, 8);
      region.slice(far - 8, 64).publishLong(16, 78);
    }
    try (Arena arena = Arena.ofShared()) {
      PmemRegion region = Pmem.map(file, existing().slice(9L << 29, 4096), arena);
      assertThat(region.getLong(8)).isEqualTo(77);
      assertThat(region.getLong(16)).isEqualTo(78);
    }
  }

  @Test
  void theDomainSaysWhatIsForced() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion region = Pmem.map(file, createNew(SIZE), arena);
      boolean forced =
          backend() == Backend.LIBPMEM && "1".equals(System.getenv("PMEM_IS_PMEM_FORCE"));
      if (forced) {
        assertThat(region.granularity()).isNotEqualTo(Granularity.PAGE);
        assertThat(region.domain()).contains("not durable on power loss");
      } else {
        assertThat(region.domain()).doesNotContain("forced");
      }
    }
  }
}
