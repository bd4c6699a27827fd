// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;

/**
 * A recovery and an assertion, run on the memory as a crash left it. It must be deterministic: what
 * it does depends on the memory and the acknowledgements only. It may store; the stores vanish
 * before the next state.
 */
@FunctionalInterface
public interface CrashCheck {
  /**
   * Recovers and checks.
   *
   * @param memory what the medium holds, with the granularity of the mode
   * @param acknowledged the promises made before the crash
   * @throws Throwable the damage found, in words
   */
  void check(PersistentMemory memory, Acknowledgements acknowledged) throws Throwable;
}
