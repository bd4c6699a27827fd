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
 * <p>Each call of {@link #close} releases the lock once. The token belongs to the lock and is the
 * same every time, so that taking a lock allocates nothing.
 */
@FunctionalInterface
public interface HeldLock extends AutoCloseable {
  /**
   * Releases the lock once.
   *
   * @throws IllegalStateException if the running task does not hold it
   */
  @Override
  void close();
}
