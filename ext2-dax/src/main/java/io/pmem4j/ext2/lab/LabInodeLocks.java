// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.lab;

import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeLocks;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.FaultResult;
import io.pmem4j.ext2.mm.PageFault;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.HeldLock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;

/** The locks of one inode, which a fault takes in the order of the experiment. Thread-safe. */
final class LabInodeLocks extends InodeLocks {
  private final Lab lab;
  private final boolean checked;
  private final List<LockClass> faultLocks;

  LabInodeLocks(Lab lab, Volume volume, String name, boolean directory) {
    super(volume, name, directory);
    this.lab = lab;
    this.checked = volume.instrumentation().isolationChecks();
    this.faultLocks = LabOrders.faultLocks(lab.order());
  }

  /** Returns the locks of an inode of a file system with this variation. */
  static LabInodeLocks of(Ext2Inode inode) {
    return (LabInodeLocks) inode.locks();
  }

  /** Returns true if handlers check their postconditions. */
  boolean checked() {
    return checked;
  }

  /** Runs the body of a fault under the locks of the order. */
  static FaultResult run(
      Ext2Inode inode,
      PageFault fault,
      boolean sharedWrite,
      Function<PageFault, FaultResult> body) {
    try (var _ = of(inode).fault(fault.pgoff(), sharedWrite, inode.times()::updateTime)) {
      return body.apply(fault);
    }
  }

  /** Runs the body of a fault that waits for a thaw only to store to a shared mapping. */
  static FaultResult run(Ext2Inode inode, PageFault fault, Function<PageFault, FaultResult> body) {
    return run(inode, fault, fault.write() && fault.shared(), body);
  }

  /**
   * Takes the locks of a fault, and returns the token of all of them.
   *
   * @param pgoff the page, for the order that locks it
   * @param sharedWrite true for a store to a shared mapping, which waits for a thaw
   * @param times runs as soon as freezing is impossible, if {@code sharedWrite}
   */
  private HeldLock fault(long pgoff, boolean sharedWrite, Runnable times) {
    Deque<HeldLock> taken = new ArrayDeque<>(faultLocks.size());
    HeldLock all = () -> taken.forEach(HeldLock::close);
    boolean done = false;
    try {
      for (LockClass each : faultLocks) {
        taken.addFirst(
            switch (each) {
              case SB_PAGEFAULT -> sharedWrite ? startPagefault() : NOTHING;
              case DAX_SEM -> daxSem().shared();
              case TRUNCATE_MUTEX -> truncateMutex().hold();
              // The body of v4.4 locks the page itself.
              case PAGE_LOCK -> lab.profile().holePages() ? NOTHING : pageLocks().hold(pgoff);
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

  /** Takes {@code truncate_mutex}, unless the fault that asks holds it already. */
  @Override
  protected HeldLock allocation(boolean inFault) {
    if (inFault && faultLocks.contains(LockClass.TRUNCATE_MUTEX)) {
      truncateMutex().assertHeld();
      return NOTHING;
    }
    return super.allocation(inFault);
  }
}
