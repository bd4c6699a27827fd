// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lock;

import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.RwSemaphore;
import io.pmem4j.sched.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A reader-writer semaphore that belongs to a lock class, with Linux's fairness: new readers queue
 * behind a waiting writer. Thread-safe; not reentrant in either mode.
 */
public final class OrderedRwSemaphore {
  private final RwSemaphore semaphore;
  private final LockClass lockClass;
  private final String name;
  private final LockValidator validator;
  private final HeldLock releaseShared = this::upRead;
  private final HeldLock releaseExclusive = this::upWrite;

  /** A free semaphore; the name says which instance of the class it is. */
  public OrderedRwSemaphore(
      Scheduler scheduler, LockValidator validator, LockClass lockClass, String name) {
    this.semaphore = new RwSemaphore(scheduler, name, lockClass);
    this.lockClass = lockClass;
    this.name = name;
    this.validator = validator;
  }

  /** Waits and takes it together with other readers. */
  public HeldLock shared() {
    validator.acquiring(this, lockClass, name, false);
    boolean taken = false;
    try {
      semaphore.downRead();
      taken = true;
    } finally {
      if (!taken) {
        validator.released(this);
      }
    }
    return releaseShared;
  }

  /**
   * Takes it together with other readers, or returns null where it would wait. Who does not wait
   * adds nothing to the order of locks; nothing else may be taken under it.
   */
  public @Nullable HeldLock tryShared() {
    return semaphore.tryDownRead() ? semaphore::upRead : null;
  }

  /** Waits and takes it alone. */
  public HeldLock exclusive() {
    validator.acquiring(this, lockClass, name, true);
    boolean taken = false;
    try {
      semaphore.downWrite();
      taken = true;
    } finally {
      if (!taken) {
        validator.released(this);
      }
    }
    return releaseExclusive;
  }

  /**
   * Takes it alone where no other task can have it, as the kernel does with a trylock: what is
   * taken under it counts for the order of locks, its own place does not.
   */
  public HeldLock exclusiveUncontended() {
    validator.taken(this, lockClass, name);
    semaphore.downWrite();
    return releaseExclusive;
  }

  /** Fails if the current task does not hold it in one of the two modes. */
  public void assertHeld() {
    if (!validator.holds(this, false)) {
      throw new LockOrderViolation(name + " (" + lockClass + ") must be held here");
    }
  }

  /** Fails if the current task does not hold it alone. */
  public void assertHeldExclusively() {
    if (!validator.holds(this, true)) {
      throw new LockOrderViolation(name + " (" + lockClass + ") must be held exclusively here");
    }
  }

  private void upRead() {
    semaphore.upRead();
    validator.released(this);
  }

  private void upWrite() {
    semaphore.upWrite();
    validator.released(this);
  }
}
