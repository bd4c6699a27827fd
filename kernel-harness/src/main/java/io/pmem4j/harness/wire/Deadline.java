// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.wire;

import java.time.Duration;

/** A point in monotonic time that a wait may not pass. */
public record Deadline(Duration allowed, long endNanos) {

  public static Deadline after(Duration allowed) {
    return new Deadline(allowed, System.nanoTime() + allowed.toNanos());
  }

  long remainingNanos() {
    return Math.max(0, endNanos - System.nanoTime());
  }

  /** Rounded up, so that a wait for the rest does not end early and turn. */
  public long remainingMillis() {
    return (remainingNanos() + 999_999) / 1_000_000;
  }

  public boolean passed() {
    return remainingNanos() == 0;
  }

  /** In words, for messages. */
  public String describe() {
    return "within %.1f s".formatted(allowed.toMillis() / 1000.0);
  }
}
