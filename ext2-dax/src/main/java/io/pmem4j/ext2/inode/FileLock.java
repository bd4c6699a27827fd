// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.sched.Scheduler;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * flock(2): a lock between open files that binds nobody who does not ask for it; the file system
 * itself never looks at it. Its owners are open files, not tasks, so the order of locks does not
 * know it. Thread-safe.
 */
public final class FileLock {
  /** A mode in which an open file may hold the lock. */
  public enum Mode {
    /** The shared mode, LOCK_SH. */
    SHARED,
    /** The exclusive mode, LOCK_EX. */
    EXCLUSIVE
  }

  private final Scheduler scheduler;
  private final Set<Object> owners = new HashSet<>();
  private final AtomicInteger releases = new AtomicInteger();
  private final Queue<Object> waiting = new ConcurrentLinkedQueue<>();
  private boolean exclusive;

  FileLock(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Takes the lock for an open file, in place of what it has.
   *
   * @param wait whether to wait for others
   * @throws Ext2Exception EAGAIN if it would have to wait and may not; what it had is lost then, as
   *     in Linux, when it had one
   */
  public void take(Object file, Mode mode, boolean wait) throws Ext2Exception {
    while (true) {
      int seen = releases.get();
      if (tryTake(file, mode)) {
        return;
      }
      if (!wait) {
        throw new Ext2Exception(Errno.EAGAIN, "another open file has the lock");
      }
      Object task = scheduler.currentTask();
      waiting.add(task);
      scheduler.park(this, () -> releases.get() != seen);
      waiting.remove(task);
    }
  }

  private boolean tryTake(Object file, Mode mode) {
    release(file);
    synchronized (this) {
      if (!owners.isEmpty() && (exclusive || mode == Mode.EXCLUSIVE)) {
        return false;
      }
      owners.add(file);
      exclusive = mode == Mode.EXCLUSIVE;
      return true;
    }
  }

  /** LOCK_UN; nothing if the file has no lock. */
  public void release(Object file) {
    synchronized (this) {
      if (!owners.remove(file)) {
        return;
      }
    }
    releases.incrementAndGet();
    waiting.forEach(scheduler::unpark);
  }
}
