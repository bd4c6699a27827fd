// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.sched.HeldLock;
import io.pmem4j.sched.Scheduler;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code I_SYNC} of one inode: at most one task writes it out. As in the kernel it is a flag and
 * not a lock of lockdep, and the order of locks does not know it. A task that finds it clear
 * announces no yield point; one that finds it set parks. No monitor is held meanwhile, so that an
 * explorer can switch between the stores of a write-out. Thread-safe.
 */
final class WriteOutLock {
  private static final int CLEAR = 0;
  private static final int SET = 1;

  private final Scheduler scheduler;
  private final AtomicInteger flag = new AtomicInteger();
  private final AtomicInteger releases = new AtomicInteger();
  private final Queue<Object> waiting = new ConcurrentLinkedQueue<>();
  private final HeldLock held = this::release;

  WriteOutLock(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** Waits until no other task writes the inode out: {@code inode_wait_for_writeback}. */
  HeldLock hold() {
    while (true) {
      int seen = releases.get();
      if (flag.compareAndSet(CLEAR, SET)) {
        return held;
      }
      Object task = scheduler.currentTask();
      waiting.add(task);
      scheduler.park(this, () -> releases.get() != seen);
      waiting.remove(task);
    }
  }

  /** Lets the next task write the inode out: {@code inode_sync_complete}. */
  private void release() {
    flag.set(CLEAR);
    releases.incrementAndGet();
    waiting.forEach(scheduler::unpark);
  }
}
