// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.volume;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockValidator;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.sched.Held;
import io.pmem4j.sched.Scheduler;

/**
 * {@code sb_writers}: whoever is about to change the file system holds the gate of its kind shared;
 * whoever freezes the file system holds all three exclusively. Thread-safe.
 */
public final class FreezeGate {
  private final OrderedRwSemaphore writers;
  private final OrderedRwSemaphore pagefaults;
  private final OrderedRwSemaphore internal;

  FreezeGate(Scheduler scheduler, LockValidator validator) {
    writers = new OrderedRwSemaphore(scheduler, validator, LockClass.SB_WRITERS, "sb_writers");
    pagefaults =
        new OrderedRwSemaphore(scheduler, validator, LockClass.SB_PAGEFAULT, "sb_pagefaults");
    internal = new OrderedRwSemaphore(scheduler, validator, LockClass.SB_INTERNAL, "sb_internal");
  }

  /** {@code sb_start_write}: a system call that changes something. */
  public Held startWrite() {
    return writers.shared();
  }

  /** {@code sb_start_pagefault}: a shared write fault. */
  public Held startPagefault() {
    return pagefaults.shared();
  }

  /** {@code sb_start_intwrite}: eviction of a deleted inode. */
  public Held startInternalWrite() {
    return internal.shared();
  }
}
