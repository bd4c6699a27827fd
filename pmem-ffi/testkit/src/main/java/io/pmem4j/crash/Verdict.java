// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import org.jspecify.annotations.Nullable;

/**
 * The result of a check on one state, with the states of crashes inside its recovery.
 *
 * @param failure thrown by the check; null if it passed
 * @param inside number of states of crashes inside recovery
 * @param insideLeftOut number of such states that were not tried
 * @param place the failing state inside recovery, in words; empty if the outer check failed
 */
record Verdict(@Nullable Throwable failure, long inside, long insideLeftOut, String place) {
  static final Verdict PASSED = new Verdict(null, 0, 0, "");

  boolean passed() {
    return failure == null;
  }

  /**
   * Returns true if both passed, or both failed with the same type. Messages may differ: they may
   * have an address or a time.
   */
  boolean agrees(Verdict other) {
    if (failure == null || other.failure == null) {
      return passed() && other.passed();
    }
    return failure.getClass().equals(other.failure.getClass());
  }

  /** Returns the result in words that follow a name of the check. */
  String words() {
    return failure == null ? "passed" : "failed with " + failure;
  }
}
