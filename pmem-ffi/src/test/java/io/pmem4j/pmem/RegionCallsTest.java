// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The calls of a region to its mapping, recorded without a power failure. */
class RegionCallsTest {
  private static final int SIZE = 8192;

  private final List<String> calls = new ArrayList<>();
  private final Arena arena = Arena.ofConfined();
  private final PmemRegion region = new PmemRegion(new Listening());

  private final class Listening extends Mapping {
    Listening() {
      super(Path.of("nowhere"), 0, arena.allocate(SIZE, 64));
    }

    @Override
    Backend backend() {
      return Backend.JDK;
    }

    @Override
    Granularity granularity() {
      return Granularity.CACHE_LINE;
    }

    @Override
    String domain() {
      return "a list";
    }

    private void call(String name, long offset, long length) {
      calls.add(
          name + " " + offset + " " + length + ": " + memory.get(ValueLayout.JAVA_LONG, offset));
    }

    @Override
    void flush(long offset, long length) {
      call("flush", offset, length);
    }

    @Override
    void drain() {
      calls.add("drain");
    }

    @Override
    void persist(long offset, long length) {
      call("persist", offset, length);
    }

    @Override
    void deepPersist(long offset, long length) {
      call("deepPersist", offset, length);
    }
  }

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void aPublishedValueIsPersisted() {
    region.publishLong(64, 7);
    assertThat(calls).containsExactly("persist 64 8: 7");
  }

  @Test
  void anExchangedValueIsPersisted() {
    assertThat(region.compareAndPublish(64, 1, 2)).isFalse();
    assertThat(calls).isEmpty();
    assertThat(region.compareAndPublish(64, 0, 2)).isTrue();
    assertThat(calls).containsExactly("persist 64 8: 2");
  }

  @Test
  void valuesWithoutPersistAskForNothing() {
    region.putLongRelease(64, 7);
    region.putFloat(72, 1);
    assertThat(region.compareAndSetLong(64, 7, 8)).isTrue();
    assertThat(region.getAndAddLong(64, 2)).isEqualTo(8);
    region.writable().set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    assertThat(region.getLong(64)).isEqualTo(10);
    assertThat(calls).isEmpty();
  }

  @Test
  void slicesPersistTheirOwnPart() {
    PmemRegion slice = region.slice(4096, 1024).slice(64, 64);
    slice.putLong(8, 5);
    slice.persist(8, 8);
    slice.flush(8, 16);
    slice.drain();
    slice.publishLong(16, 6);
    slice.deepPersist(16, 8);
    assertThat(calls)
        .containsExactly(
            "persist 4168 8: 5",
            "flush 4168 16: 5",
            "drain",
            "persist 4176 8: 6",
            "deepPersist 4176 8: 6");
  }

  @Test
  void anEmptyBulkStoreAsksForNothing() {
    region.persist(8192, 0);
    region.flush(0, 0);
    region.writeFill(0, 0, (byte) 1, Caching.AUTO);
    assertThat(calls).isEmpty();
  }

  @Test
  void rangesOutsideAskForNothing() {
    for (long[] range :
        new long[][] {{-8, 8}, {SIZE, 8}, {8, Long.MAX_VALUE}, {Long.MAX_VALUE, 8}, {0, -1}}) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> region.persist(range[0], range[1]));
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> region.flush(range[0], range[1]));
    }
    assertThat(calls).isEmpty();
  }
}
