// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.ext2.page.PageLocks;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;

/** The locks of one inode. Thread-safe. */
public class InodeLocks {
  /** Makes the locks of an inode. */
  @FunctionalInterface
  public interface Maker {
    /**
     * Returns free locks.
     *
     * @param name names the inode
     * @param directory true for the inode of a directory
     */
    InodeLocks make(Volume volume, String name, boolean directory);
  }

  /** The token of a lock that is not taken. */
  public static final HeldLock NOTHING = () -> {};

  private final Volume volume;
  private final OrderedRwSemaphore iRwsem;
  private final OrderedRwSemaphore daxSem;
  private final OrderedMutex truncateMutex;
  private final PageLocks pageLocks;

  /** Makes free locks, see {@link Maker#make}. */
  protected InodeLocks(Volume volume, String name, boolean directory) {
    this.volume = volume;
    var scheduler = volume.instrumentation().scheduler();
    var validator = volume.validator();
    this.iRwsem =
        new OrderedRwSemaphore(
            scheduler,
            validator,
            directory ? LockClass.I_MUTEX_DIR : LockClass.I_RWSEM,
            "i_rwsem of " + name);
    this.daxSem =
        new OrderedRwSemaphore(scheduler, validator, LockClass.DAX_SEM, "dax_sem of " + name);
    this.truncateMutex =
        new OrderedMutex(
            scheduler, validator, LockClass.TRUNCATE_MUTEX, "truncate_mutex of " + name);
    this.pageLocks = new PageLocks(scheduler, validator, name);
  }

  OrderedRwSemaphore iRwsem() {
    return iRwsem;
  }

  /** Returns {@code dax_sem}: faults take it shared, truncation exclusively. */
  public final OrderedRwSemaphore daxSem() {
    return daxSem;
  }

  /** Returns {@code truncate_mutex}. */
  protected final OrderedMutex truncateMutex() {
    return truncateMutex;
  }

  /** Returns the locks of the pages. */
  protected final PageLocks pageLocks() {
    return pageLocks;
  }

  /** {@code sb_start_pagefault}: waits for a thaw. */
  public final HeldLock startPagefault() {
    return volume.freezeGate().startPagefault();
  }

  /**
   * Takes {@code truncate_mutex} for a change of the block tree.
   *
   * @param inFault true in a page fault
   */
  protected HeldLock allocation(boolean inFault) {
    return truncateMutex.hold();
  }
}
