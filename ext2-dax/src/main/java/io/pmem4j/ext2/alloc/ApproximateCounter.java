// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.volume.HeldGroup;
import io.pmem4j.ext2.volume.Volume;
import java.util.function.ToLongFunction;

/**
 * A {@code percpu_counter} of a kernel with one CPU: changes are kept apart until they come to 32,
 * and readers do not see them before. The choice of a group depends on these values. Thread-safe.
 */
final class ApproximateCounter {
  private static final int BATCH = 32;

  private long seen;
  private long keptApart;

  /** A counter that begins with a value. */
  ApproximateCounter(long value) {
    this.seen = value;
  }

  /** Returns a counter of what all groups of a volume have together. */
  static ApproximateCounter of(Volume volume, ToLongFunction<HeldGroup> count) {
    long sum = 0;
    for (int group = 0; group < volume.geometry().groupsCount(); group++) {
      sum += count.applyAsLong(volume.descriptor(group));
    }
    return new ApproximateCounter(sum);
  }

  /** Adds to the counter: {@code percpu_counter_add}. */
  synchronized void add(long amount) {
    keptApart += amount;
    if (Math.abs(keptApart) >= BATCH) {
      seen += keptApart;
      keptApart = 0;
    }
  }

  /** Returns the value that readers see: {@code percpu_counter_read_positive}. */
  synchronized long get() {
    return Math.max(seen, 0);
  }
}
