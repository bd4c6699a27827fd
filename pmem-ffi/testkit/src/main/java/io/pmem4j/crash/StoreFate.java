// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

/**
 * A store that was not durable for certain when the crash came, and what became of it.
 *
 * @param event index of the store in the trace
 * @param store the store
 * @param words number of aligned words of the store that were pending
 * @param durable number of those that are on the medium, 0 to {@code words}
 * @param reason a phrase: flushed or not, drained or not
 */
public record StoreFate(int event, TraceEvent store, int words, int durable, String reason) {
  /** Returns true if no pending word of the store is on the medium. */
  public boolean isLost() {
    return durable == 0;
  }

  /** Returns the fate in words. */
  String words(CrashMode mode) {
    if (durable == words) {
      return "on the medium (" + (mode == CrashMode.PAGE ? "written back" : "evicted") + " early)";
    }
    return (isLost() ? "lost: " : "torn, " + durable + " of " + words + " words: ") + reason;
  }
}
