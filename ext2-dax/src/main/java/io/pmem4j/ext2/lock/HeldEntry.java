// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

/**
 * A lock that a task holds or is about to take: lockdep's {@code held_lock}.
 *
 * @param lock the lock itself, compared by identity
 * @param lockClass its class
 * @param name which one of the class it is
 * @param exclusive alone, as opposed to together with other readers
 */
record HeldEntry(Object lock, LockClass lockClass, String name, boolean exclusive) {
  @Override
  public String toString() {
    return name + " (" + lockClass.twin() + (exclusive ? ", exclusive)" : ", shared)");
  }
}
