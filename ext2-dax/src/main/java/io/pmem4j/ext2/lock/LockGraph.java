// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which class was taken under which, each with the moment at which that was first seen. It only
 * grows. Thread-safe.
 */
final class LockGraph {
  /** By the class held; the outer map never changes. */
  private final Map<LockClass, Map<LockClass, Dependency>> links = new EnumMap<>(LockClass.class);

  LockGraph() {
    for (LockClass outer : LockClass.values()) {
      links.put(outer, new ConcurrentHashMap<>());
    }
  }

  /**
   * The first time that one class was taken under another.
   *
   * @param outer held
   * @param inner taken under it
   * @param stack where, innermost frame first
   */
  record Dependency(HeldEntry outer, HeldEntry inner, CallStack stack) {}

  private Map<LockClass, Dependency> under(LockClass outer) {
    return Objects.requireNonNull(links.get(outer));
  }

  /** The first time, or null if it has not been seen. */
  @Nullable Dependency get(LockClass outer, LockClass inner) {
    return under(outer).get(inner);
  }

  void add(Dependency seen) {
    under(seen.outer().lockClass()).putIfAbsent(seen.inner().lockClass(), seen);
  }

  /** The classes that were taken under this one. */
  Set<LockClass> below(LockClass outer) {
    return under(outer).keySet();
  }

  /** Returns all edges. */
  List<Dependency> all() {
    return links.values().stream().flatMap(each -> each.values().stream()).toList();
  }
}
