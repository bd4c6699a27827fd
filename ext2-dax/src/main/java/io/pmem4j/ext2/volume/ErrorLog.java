// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import java.util.ArrayList;
import java.util.List;

/**
 * The errors found on a medium since it was mounted: the first ones in full, of the rest the
 * number. A medium full of garbage has more errors than memory has room for. Thread-safe.
 */
final class ErrorLog {
  private static final int MOST = 1000;

  private final List<String> first = new ArrayList<>();
  private long more;

  synchronized void add(String message) {
    if (first.size() < MOST) {
      first.add(message);
    } else {
      more++;
    }
  }

  /** At most 1,000 messages; if there were more, one that counts them. */
  synchronized List<String> messages() {
    List<String> all = new ArrayList<>(first);
    if (more > 0) {
      all.add("and " + more + " more");
    }
    return List.copyOf(all);
  }
}
