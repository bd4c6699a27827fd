// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The number of states with each known loss, over many programs. Used by one thread. */
public final class LossCounts {
  private final Map<KnownLoss, Long> counts = new EnumMap<>(KnownLoss.class);

  /** Adds those of a program. */
  public void add(KernelCrashSweep.Outcome outcome) {
    outcome.losses().forEach((loss, count) -> counts.merge(loss, (long) count, Long::sum));
  }

  /** Returns the number of states with a loss. */
  public long of(KnownLoss loss) {
    return counts.getOrDefault(loss, 0L);
  }

  /** Returns the number of states with any loss. */
  public long sum() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the losses in words, as in {@code states lose what sync(2) promised}. */
  public Map<String, Long> inWords() {
    Map<String, Long> words = new LinkedHashMap<>();
    counts.forEach((loss, count) -> words.put("states " + loss.text(), count));
    return words;
  }
}
