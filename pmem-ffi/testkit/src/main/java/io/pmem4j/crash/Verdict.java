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

  /** Returns true if both passed, or both failed with the same type and message. */
  boolean agrees(Verdict other) {
    return words().equals(other.words());
  }

  private String words() {
    return failure == null ? "" : failure.toString();
  }
}
