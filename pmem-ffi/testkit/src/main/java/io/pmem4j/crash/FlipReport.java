// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.util.List;

/**
 * The result of flipping bits of what recovery reads after a crash.
 *
 * @param flips number of bits flipped, one at a time
 * @param detected number of flips that recovery reported
 * @param harmless number of flips after which the check passed
 * @param undetected the flips that broke the check, in words, at most 20
 */
public record FlipReport(long flips, long detected, long harmless, List<String> undetected) {
  /** Copies the list. */
  public FlipReport {
    undetected = List.copyOf(undetected);
  }

  /** Returns true if recovery detects each flip or is right in spite of it. */
  public boolean passed() {
    return flips == detected + harmless;
  }
}
