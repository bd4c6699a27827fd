// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

/**
 * A lock that is held until the end of a try-with-resources statement:
 *
 * {@snippet :
 * try (var _ = daxSem.shared()) {
 *   // ...
 * }
 * }
 *
 * <p>Closing it releases the lock once more each time: it is the lock's own token, not one of a
 * kind, so that taking a lock allocates nothing.
 */
@FunctionalInterface
public interface Held extends AutoCloseable {
  /**
   * Releases the lock.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  @Override
  void close();
}
