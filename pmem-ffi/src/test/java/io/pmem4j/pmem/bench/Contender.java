// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.pmem.bench.Trial.Shape;

/**
 * One way to do the work. Each has its own loop, so that the compiler sees one call site and no
 * contender pays for another's types.
 */
interface Contender {
  /**
   * Does the work so many times.
   *
   * @param lane which of the threads runs it; lanes work in places of their own
   */
  void run(Shape shape, int lane, int calls);

  /** Returns true if several threads may run it at once. */
  default boolean isShared() {
    return true;
  }
}
