// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Calls that may fail as the interface says, and no other way; counts how they failed. */
final class Attempts {
  private final Map<Errno, int[]> errnos = new ConcurrentHashMap<>();
  private final Map<String, int[]> fields = new ConcurrentHashMap<>();
  private int ended;

  /** A call under test. */
  interface Step {
    void run() throws Ext2Exception;
  }

  /** Makes a call; only an exception that callers are told of is no finding. */
  void of(Step step) {
    try {
      step.run();
      ended++;
    } catch (Ext2Exception e) {
      if (e.getMessage() == null || e.getMessage().isBlank() || e.getMessage().contains("\n")) {
        throw new IllegalStateException("no message of one line: " + e.getMessage(), e);
      }
      errnos.computeIfAbsent(e.errno(), _ -> new int[1])[0]++;
      if (e instanceof CorruptFileSystemException corrupt) {
        fields.computeIfAbsent(corrupt.field(), _ -> new int[1])[0]++;
      }
    }
  }

  /** Returns the number of calls that ended well. */
  int ended() {
    return ended;
  }

  /** Returns the number of failures by errno, and of those of damage by field. */
  Map<String, Integer> failures() {
    Map<String, Integer> failures = new TreeMap<>();
    errnos.forEach((errno, n) -> failures.put(errno.toString(), n[0]));
    fields.forEach((field, n) ->
        failures.merge("damaged " + field.replaceAll("\\d+", "N"), n[0], Integer::sum));
    return failures;
  }
}
