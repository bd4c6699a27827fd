// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;

/** A recovery that returns what it finds, in a form whose {@code equals} tells states apart. */
@FunctionalInterface
public interface CrashView {
  /**
   * Recovers and returns the content: a list, a map, a string.
   *
   * @param memory what the medium holds; stores vanish before the next state
   * @throws Throwable the damage found, in words
   */
  Object view(PersistentMemory memory) throws Throwable;
}
