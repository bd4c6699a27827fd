// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Memory that knows its durable content and the states after a power failure: each aligned word
 * that was stored since it was last made durable is there or is not. Small differences are tried in
 * all subsets, large ones in prefixes and random subsets.
 */
final class TornMemory extends ArrayMemory {
  private static final int ALL_SUBSETS = 10;
  private static final int SAMPLES = 300;

  final long[] durable;

  private final BitSet flushed = new BitSet(); // lines

  /** Called before each drain, when the most is at stake. */
  Runnable beforePersist = () -> {};

  /** Memory of zeros. */
  TornMemory(int words) {
    super(Granularity.CACHE_LINE, 8 * words, 0);
    durable = new long[words];
  }

  /** Memory with durable content. */
  TornMemory(long[] content) {
    this(content.length);
    for (int i = 0; i < content.length; i++) {
      putLong(8L * i, content[i]);
      durable[i] = content[i];
    }
  }

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
    drain();
  }

  @Override
  public void flush(long offset, long length) {
    flushed.set((int) (offset / 64), (int) ((offset + length - 1) / 64) + 1);
  }

  @Override
  public void drain() {
    beforePersist.run();
    for (int line = flushed.nextSetBit(0); line >= 0; line = flushed.nextSetBit(line + 1)) {
      for (int word = 8 * line; word < Math.min(8 * line + 8, durable.length); word++) {
        durable[word] = getLong(8L * word);
      }
    }
    flushed.clear();
  }

  /** Calls the check with states after a power failure now; returns how many. */
  int crash(SplittableRandom random, Consumer<long[]> check) {
    int[] dirty = new int[durable.length];
    int count = 0;
    for (int i = 0; i < durable.length; i++) {
      if (getLong(8L * i) != durable[i]) {
        dirty[count++] = i;
      }
    }
    int states = count <= ALL_SUBSETS ? 1 << count : SAMPLES;
    for (int state = 0; state < states; state++) {
      long[] content = durable.clone();
      long subset = random.nextLong();
      int period = random.nextInt(1, 65);
      for (int i = 0; i < count; i++) {
        boolean there =
            count <= ALL_SUBSETS
                ? (state >> i & 1) == 1
                : state % 3 == 0
                    ? i < count * (long) state / states
                    : (subset >> i % period & 1) == 1;
        if (there) {
          content[dirty[i]] = getLong(8L * dirty[i]);
        }
      }
      check.accept(content);
    }
    return states;
  }
}
