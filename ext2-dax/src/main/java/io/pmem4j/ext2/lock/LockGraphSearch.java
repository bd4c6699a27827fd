// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Searches in a graph of lock classes. */
final class LockGraphSearch {
  private LockGraphSearch() {}

  /**
   * A shortest path of at least one edge, both ends included; a circle if they are the same. Empty
   * if there is none. Edges from a class to itself do not count: {@link LockClass#nesting} is their
   * rule.
   */
  static List<LockClass> shortest(
      LockClass from, LockClass to, Function<LockClass, Set<LockClass>> next) {
    Map<LockClass, LockClass> reachedFrom = new EnumMap<>(LockClass.class);
    Deque<LockClass> queue = new ArrayDeque<>(List.of(from));
    while (!queue.isEmpty()) {
      LockClass at = queue.remove();
      for (LockClass each : next.apply(at)) {
        if (each == at) {
          continue;
        }
        if (reachedFrom.putIfAbsent(each, at) == null) {
          if (each == to) {
            return back(reachedFrom, from, to);
          }
          queue.add(each);
        }
      }
    }
    return List.of();
  }

  private static List<LockClass> back(
      Map<LockClass, LockClass> reachedFrom, LockClass from, LockClass to) {
    List<LockClass> path = new ArrayList<>();
    LockClass at = to;
    do {
      path.add(at);
      at = reachedFrom.getOrDefault(at, from);
    } while (at != from);
    path.add(from);
    Collections.reverse(path);
    return path;
  }
}
