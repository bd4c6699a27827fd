// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.LockOrder;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.lock.OrderedRwSemaphore;
import io.pmem4j.ext2.page.PageLocks;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The locks of one inode, and which of them a fault, a truncation and an allocation take. The one
 * place where {@link LockOrder}s differ in what they do. Thread-safe.
 */
public final class InodeLocks {
  /** For what an order does without. */
  private static final HeldLock NOTHING = () -> {};

  private final Volume volume;
  private final LockOrder order;
  private final OrderedRwSemaphore iRwsem;
  private final OrderedRwSemaphore daxSem;
  private final OrderedMutex truncateMutex;
  private final PageLocks pageLocks;

  InodeLocks(Volume volume, String name, boolean directory) {
    this.volume = volume;
    var scheduler = volume.options().scheduler();
    var validator = volume.validator();
    this.order = validator.order();
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

  OrderedMutex truncateMutex() {
    return truncateMutex;
  }

  PageLocks pageLocks() {
    return pageLocks;
  }

  /**
   * What a fault holds while its body runs.
   *
   * @param pgoff the page, for the order that locks it
   * @param sharedWrite whether it stores to a shared mapping, and so waits for a thaw
   * @param times what is to be done as soon as freezing is impossible, if {@code sharedWrite}
   */
  public HeldLock fault(long pgoff, boolean sharedWrite, Runnable times) {
    Deque<HeldLock> taken = new ArrayDeque<>(order.faultLocks().size());
    HeldLock all = () -> taken.forEach(HeldLock::close);
    boolean done = false;
    try {
      for (LockClass each : order.faultLocks()) {
        taken.addFirst(
            switch (each) {
              case SB_PAGEFAULT -> sharedWrite ? volume.freezeGate().startPagefault() : NOTHING;
              case DAX_SEM -> daxSem.shared();
              case TRUNCATE_MUTEX -> truncateMutex.hold();
              // The body of 2015 locks the page itself.
              case PAGE_LOCK ->
                  volume.options().profile().holePages() ? NOTHING : pageLocks.hold(pgoff);
              default -> throw new IllegalStateException("no fault takes " + each);
            });
        if (each == LockClass.SB_PAGEFAULT && sharedWrite) {
          times.run();
        }
      }
      done = true;
      return all;
    } finally {
      if (!done) {
        all.close();
      }
    }
  }

  /**
   * What truncation holds, whatever a fault does.
   *
   * @param atRelease what to look at before it is given up
   */
  @SuppressWarnings("MustBeClosedChecker") // the caller closes it
  HeldLock truncation(Runnable atRelease) {
    HeldLock held = daxSem.exclusive();
    return volume.options().isolationChecks()
        ? () -> {
          try (held) {
            atRelease.run();
          }
        }
        : held;
  }

  void assertTruncating() {
    daxSem.assertHeldExclusively();
  }

  /**
   * {@code truncate_mutex} for changing the tree of blocks.
   *
   * @param inFault whether a fault asks, which under one order holds it already
   */
  HeldLock allocation(boolean inFault) {
    if (inFault && order.faultLocks().contains(LockClass.TRUNCATE_MUTEX)) {
      truncateMutex.assertHeld();
      return NOTHING;
    }
    return truncateMutex.hold();
  }
}
