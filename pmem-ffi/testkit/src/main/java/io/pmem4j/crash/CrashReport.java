// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import java.math.BigInteger;
import java.util.List;

/**
 * The result of a check on the crash states of a trace.
 *
 * @param mode the rules
 * @param points number of points of the trace at which a crash was tried
 * @param tried number of states judged
 * @param leftOut number of states that were not tried, because the epoch had too many
 * @param broken number of states that the check failed on, among those tried
 * @param inside number of states of crashes inside recovery
 * @param runs number of runs of the check; states that it cannot tell apart are judged by one run
 * @param findings the distinct findings, at most 20
 * @param nanos elapsed time, in nanoseconds
 */
public record CrashReport(
    CrashMode mode,
    int points,
    long tried,
    BigInteger leftOut,
    long broken,
    long inside,
    long runs,
    List<CrashFinding> findings,
    long nanos) {
  /** Copies the list. */
  public CrashReport {
    findings = List.copyOf(findings);
  }

  /** Returns true if every state was tried. */
  public boolean isComplete() {
    return leftOut.signum() == 0;
  }

  /** Returns true if no state tried breaks the check. */
  public boolean passed() {
    return broken == 0;
  }

  /** Returns the number of states judged in a second. */
  public double statesPerSecond() {
    return tried * 1e9 / Math.max(1, nanos);
  }

  /** Returns the counts in words, as in {@code 38 of 38 crash states tried}. */
  @Override
  public String toString() {
    return tried
        + " of "
        + leftOut.add(BigInteger.valueOf(tried))
        + " crash states tried; "
        + mode
        + " mode; "
        + leftOut
        + " left out; "
        + broken
        + " broken; "
        + inside
        + " states of crashes inside recovery; "
        + nanos / 1_000_000
        + " ms";
  }
}
