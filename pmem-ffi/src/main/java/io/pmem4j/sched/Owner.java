// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import org.jspecify.annotations.Nullable;

/**
 * Who holds a side of a semaphore: immutable, one for each time it is held, the youngest first. Few
 * at a time: walked, not hashed.
 *
 * @param awaited of the youngest: whether others wait
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
record Owner(Object task, boolean exclusive, boolean awaited, @Nullable Owner older) {

  /** The same owners, now that others wait. */
  Owner awaitedOnes() {
    return new Owner(task, exclusive, true, older);
  }

  /** Whether the task holds the shared side. */
  static boolean holdsShared(Object task, @Nullable Owner youngest) {
    for (Owner owner = youngest; owner != null; owner = owner.older) {
      if (owner.task == task && !owner.exclusive) {
        return true;
      }
    }
    return false;
  }

  /** The owners but for the youngest shared entry of this task, which is among them. */
  static @Nullable Owner without(Object task, Owner owner) {
    Owner older = owner.older;
    if ((owner.task == task && !owner.exclusive) || older == null) {
      return older;
    }
    return new Owner(owner.task, owner.exclusive, owner.awaited, without(task, older));
  }
}
