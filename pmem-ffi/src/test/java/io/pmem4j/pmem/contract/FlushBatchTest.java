// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.FlushBatch;
import io.pmem4j.pmem.Granularity;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A batch flushes what was named, each unit once, and drains once. */
class FlushBatchTest {
  private static final int SIZE = 64 << 10;

  /** A memory that records its flushes. */
  private static final class Seen extends ArrayMemory {
    private final List<long[]> flushes = new ArrayList<>();
    private int drains;
    private boolean failing;

    Seen(Granularity granularity, long phase) {
      super(granularity, SIZE, phase);
    }

    @Override
    public void flush(long offset, long length) {
      assertThat(length).isPositive();
      if (failing) {
        throw new IllegalStateException("planted");
      }
      flushes.add(new long[] {offset, length});
    }

    @Override
    public void drain() {
      drains++;
    }

    /** The units touched, none twice; {@code phase} is where the memory begins in its first. */
    BitSet units(int unit, long phase) {
      BitSet units = new BitSet();
      for (long[] flush : flushes) {
        int from = (int) ((flush[0] + phase) / unit);
        int to = (int) ((flush[0] + phase + flush[1] - 1) / unit);
        for (int i = from; i <= to; i++) {
          assertThat(units.get(i)).as("unit %d flushed twice", i).isFalse();
          units.set(i);
        }
      }
      return units;
    }
  }

  @ParameterizedTest
  @EnumSource(Granularity.class)
  void randomRangesOnceEach(Granularity granularity) {
    int unit = granularity == Granularity.PAGE ? 4096 : 64;
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      long phase = 8L * random.nextInt(8);
      Seen memory = new Seen(granularity, phase);
      BitSet expected = new BitSet();
      try (FlushBatch batch = new FlushBatch(memory)) {
        for (int n = random.nextInt(1, 60); n > 0; n--) {
          int offset = random.nextInt(SIZE);
          int length = Math.min(SIZE - offset, random.nextInt(1, random.nextBoolean() ? 20 : 3000));
          batch.dirty(offset, length);
          expected.set(
              (int) ((offset + phase) / unit), (int) ((offset + phase + length - 1) / unit) + 1);
        }
        assertThat(memory.flushes).as("nothing before the commit").isEmpty();
        batch.commit();
      }
      if (granularity == Granularity.PAGE) {
        // The pages between are clean, or another's: one write-back costs as much as one page.
        expected.set(expected.nextSetBit(0), expected.length());
        assertThat(memory.flushes).hasSize(1);
      }
      assertThat(memory.units(unit, phase)).as("seed %d", seed).isEqualTo(expected);
      assertThat(memory.drains).isEqualTo(1);
      for (long[] flush : memory.flushes) {
        assertThat(flush[0] + flush[1]).isLessThanOrEqualTo(SIZE);
      }
    }
  }

  @Test
  void neighboursAreOneFlush() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    try (FlushBatch batch = new FlushBatch(memory)) {
      batch.dirty(128, 8);
      batch.dirty(0, 8);
      batch.dirty(64, 64);
      batch.dirty(70, 2);
      batch.commit();
    }
    assertThat(memory.flushes).containsExactly(new long[] {0, 192});
  }

  @Test
  void nearRangesOfPagesAreOneSync() {
    Seen memory = new Seen(Granularity.PAGE, 0);
    try (FlushBatch batch = new FlushBatch(memory)) {
      batch.dirty(0, 8);
      batch.dirty(12_288, 8);
      batch.commit();
    }
    assertThat(memory.flushes).containsExactly(new long[] {0, 16_384});
  }

  @Test
  void emptyBatchesAreSilent() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    try (FlushBatch batch = new FlushBatch(memory)) {
      batch.dirty(5, 0);
      batch.commit();
    }
    assertThat(memory.flushes).isEmpty();
    assertThat(memory.drains).isZero();
  }

  @Test
  void rangesOutsideAreRefused() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    FlushBatch batch = new FlushBatch(memory);
    for (long[] range :
        new long[][] {{-1, 1}, {SIZE, 1}, {0, SIZE + 1}, {8, Long.MAX_VALUE}, {0, -1}}) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> batch.dirty(range[0], range[1]));
    }
    batch.close();
    assertThat(memory.flushes).isEmpty();
  }

  @Test
  void aFailedCommitForgetsNothing() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    FlushBatch batch = new FlushBatch(memory);
    batch.dirty(0, 8);
    batch.dirty(640, 8);
    memory.failing = true;
    assertThatExceptionOfType(IllegalStateException.class).isThrownBy(batch::commit);
    memory.failing = false;
    batch.commit();
    assertThat(memory.units(64, 0)).isEqualTo(BitSet.valueOf(new long[] {0b10000000001}));
  }

  /** A tebibyte without memory behind it. */
  private static final class Huge extends ArrayMemory {
    private final List<long[]> flushes = new ArrayList<>();

    Huge(Granularity granularity) {
      super(granularity, SIZE, 0);
    }

    @Override
    public long byteSize() {
      return 1L << 40;
    }

    @Override
    public void flush(long offset, long length) {
      flushes.add(new long[] {offset, length});
    }
  }

  @Test
  void pagesFarApartAreFlushedApart() {
    Huge memory = new Huge(Granularity.PAGE);
    try (FlushBatch batch = new FlushBatch(memory)) {
      batch.dirty(1L << 39, 8);
      batch.dirty(0, 8);
      batch.dirty(32 << 20, 8);
      batch.commit();
    }
    assertThat(memory.flushes)
        .containsExactly(new long[] {0, (32 << 20) + 4096}, new long[] {1L << 39, 4096});
  }

  /** Insertion into the middle of an array, as it was once, would take minutes. */
  @Test
  @Timeout(20)
  void ranksOfRangesInAnyOrder() {
    int ranges = 400_000;
    Huge memory = new Huge(Granularity.CACHE_LINE);
    try (FlushBatch batch = new FlushBatch(memory)) {
      for (int i = 0; i < ranges; i++) {
        batch.dirty(128L * (int) (i * 2_654_435_761L % ranges), 8);
      }
      for (int i = ranges - 1; i >= 0; i--) {
        batch.dirty(128L * i, 8);
      }
      batch.commit();
    }
    assertThat(memory.flushes).hasSize(ranges);
    for (int i = 0; i < ranges; i++) {
      assertThat(memory.flushes.get(i)[0]).isEqualTo(128L * i);
    }
  }

  @Test
  void aBodyThatThrewIsNotCommitted() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> {
          try (FlushBatch batch = new FlushBatch(memory)) {
            batch.dirty(0, 8);
            throw new ArithmeticException("in the middle of a change");
          }
        })
        .satisfies(thrown ->
            assertThat(thrown.getSuppressed()[0]).isInstanceOf(IllegalStateException.class));
    assertThat(memory.flushes).isEmpty();
  }

  @Test
  void aForgottenCommitIsTold() {
    Seen memory = new Seen(Granularity.CACHE_LINE, 0);
    FlushBatch batch = new FlushBatch(memory);
    batch.dirty(0, 8);
    assertThatIllegalStateException().isThrownBy(batch::close).withMessageContaining("not durable");
    batch.dirty(0, 8);
    batch.discard();
    batch.close();
    assertThat(memory.flushes).isEmpty();
  }
}
