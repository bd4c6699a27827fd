// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

/**
 * The limits of an exploration, beyond which there is a sample.
 *
 * @param states at one point of a power cut, 2 or more
 * @param cuts points of a power cut of one program, 1 or more; each operation has one in any case
 */
public record CrashLimits(long states, int cuts) {
  /** Enough for all programs but those with thousands of fences. */
  public static final int CUTS = 1000;

  /** Checks the numbers: {@link IllegalArgumentException}. */
  public CrashLimits {
    if (states < 2 || cuts < 1) {
      throw new IllegalArgumentException(
          "limits are %d states and %d cuts, expected 2 and 1 at least".formatted(states, cuts));
    }
  }

  /** Returns the limits with the default of points. */
  public static CrashLimits of(long states) {
    return new CrashLimits(states, CUTS);
  }
}
