// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Instrumentation;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel's thread that writes inodes back for sync(2), syncfs(2), freezing and unmounting:
 * {@code wb_workfn}. A block that it allocates for a page has the colour of its process id and not
 * of the caller's. Thread-safe.
 */
final class Flusher {
  private final Instrumentation instrumentation;

  /** The tasks that wait for it. Not their threads: tasks of an explorer share one. */
  private final Set<Object> waiting = ConcurrentHashMap.newKeySet();

  Flusher(Instrumentation instrumentation) {
    this.instrumentation = instrumentation;
  }

  /** A write-back that may fail. */
  interface Work {
    void run() throws Ext2Exception;
  }

  /** Does what the flusher does while the caller waits. */
  void run(Work work) throws Ext2Exception {
    Object task = instrumentation.scheduler().currentTask();
    boolean outermost = waiting.add(task);
    try {
      work.run();
    } finally {
      if (outermost) {
        waiting.remove(task);
      }
    }
  }

  /** Returns the identity of the current task; the flusher is root's. */
  Credentials currentUser() {
    return isRunning() ? Credentials.ROOT : instrumentation.allocatorUser().get();
  }

  /** Returns the process id of the current task: {@code current->pid}. */
  int currentPid() {
    return (isRunning() ? instrumentation.flusherPid() : instrumentation.allocatorPid()).getAsInt();
  }

  private boolean isRunning() {
    return !waiting.isEmpty() && waiting.contains(instrumentation.scheduler().currentTask());
  }
}
