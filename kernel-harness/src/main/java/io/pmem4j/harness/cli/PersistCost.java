// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.cli;

import io.pmem4j.pmem.PmemRegion;
import java.util.Arrays;

/** The cost of {@code persist} in a region: the median over calls, in nanoseconds. */
final class PersistCost {
  private static final int MOST_CALLS = 20_000;
  private static final int FEWEST_CALLS = 20;
  private static final long MOST_NANOS = 100_000_000;
  private static final int BATCH = 16;

  private PersistCost() {}

  /**
   * Persists clean or dirty ranges, walking through the region.
   *
   * @param storing whether each range is stored to before, which changes the file
   */
  static long nanos(PmemRegion region, int length, boolean storing) {
    long places = Math.max(1, Math.min(region.byteSize(), 1 << 20) / length);
    long[] samples = new long[MOST_CALLS / BATCH];
    int taken = 0;
    long place = 0;
    long begin = System.nanoTime();
    // The first half only warms up.
    for (int round = 0; round < 2; round++) {
      taken = 0;
      long end = begin + (round + 1) * MOST_NANOS;
      while (taken < samples.length && (System.nanoTime() < end || taken * BATCH < FEWEST_CALLS)) {
        long before = System.nanoTime();
        for (int i = 0; i < BATCH; i++) {
          long offset = place * length;
          if (storing) {
            region.putByte(offset, (byte) place);
          }
          region.persist(offset, Math.min(length, region.byteSize() - offset));
          place = (place + 1) % places;
        }
        samples[taken++] = (System.nanoTime() - before) / BATCH;
      }
    }
    Arrays.sort(samples, 0, taken);
    return samples[taken / 2];
  }
}
