// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.Scheduler;
import org.jspecify.annotations.Nullable;

/** A mutex that belongs to a lock class. Thread-safe; not reentrant. */
public final class OrderedMutex {
  private final Mutex mutex;
  private final LockClass lockClass;
  private final String name;
  private final LockValidator validator;
  private final HeldLock release = this::unlock;

  /** A free mutex; the name says which instance of the class it is. */
  public OrderedMutex(
      Scheduler scheduler, LockValidator validator, LockClass lockClass, String name) {
    this.mutex = new Mutex(scheduler, name, lockClass);
    this.lockClass = lockClass;
    this.name = name;
    this.validator = validator;
  }

  /** Waits until the mutex is free and takes it. */
  public HeldLock hold() {
    validator.acquiring(this, lockClass, name, true);
    boolean taken = false;
    try {
      var _ = mutex.lock();
      taken = true;
    } finally {
      if (!taken) {
        validator.released(this);
      }
    }
    return release;
  }

  /** Takes the mutex if it is free; returns null if it is not, and never waits. */
  public @Nullable HeldLock tryHold() {
    if (!mutex.tryLock()) {
      return null;
    }
    validator.taken(this, lockClass, name);
    return release;
  }

  /** Fails if the current task does not hold the mutex. */
  public void assertHeld() {
    if (!validator.holds(this, true)) {
      throw new LockOrderViolation(name + " (" + lockClass + ") must be held here");
    }
  }

  private void unlock() {
    mutex.unlock();
    validator.released(this);
  }
}
