// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import org.jspecify.annotations.Nullable;

/**
 * An acquisition of a side of a semaphore; immutable. Acquisitions form a list, the youngest first.
 * They are few at a time, so the list is walked.
 *
 * @param awaited valid in the youngest: true if there are waiters
 */
@SuppressWarnings("ReferenceEquality") // tasks are compared by identity
record Owner(Object task, boolean exclusive, boolean awaited, @Nullable Owner older) {

  /** Returns the same owners, marked as having waiters. */
  Owner awaitedOnes() {
    return new Owner(task, exclusive, true, older);
  }

  /** Returns true if the task holds the shared side. */
  static boolean holdsShared(Object task, @Nullable Owner youngest) {
    for (Owner owner = youngest; owner != null; owner = owner.older) {
      if (owner.task == task && !owner.exclusive) {
        return true;
      }
    }
    return false;
  }

  /** Returns the owners without the youngest shared entry of this task, which is among them. */
  static @Nullable Owner without(Object task, Owner owner) {
    Owner older = owner.older;
    if ((owner.task == task && !owner.exclusive) || older == null) {
      return older;
    }
    return new Owner(owner.task, owner.exclusive, owner.awaited, without(task, older));
  }
}
