// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Instrumentation;

/**
 * The kernel's thread that writes inodes back for sync(2), syncfs(2), freezing and unmounting:
 * {@code wb_workfn}. A block that it allocates for a page has the colour of its process id and not
 * of the caller's.
 */
final class Flusher {
  private static final ScopedValue<Boolean> RUNNING = ScopedValue.newInstance();

  private Flusher() {}

  /** A write-back that may fail. */
  interface Work {
    void run() throws Ext2Exception;
  }

  /** Does what the flusher does while the caller waits. */
  static void run(Work work) throws Ext2Exception {
    ScopedValue.where(RUNNING, true)
        .<Boolean, Ext2Exception>call(() -> {
          work.run();
          return true;
        });
  }

  /** Returns the identity of the current task; the flusher is root's. */
  static Credentials currentUser(Instrumentation instrumentation) {
    return RUNNING.isBound() ? Credentials.ROOT : instrumentation.allocatorUser().get();
  }

  /** Returns the process id of the current task: {@code current->pid}. */
  static int currentPid(Instrumentation instrumentation) {
    return RUNNING.isBound()
        ? instrumentation.flusherPid()
        : instrumentation.allocatorPid().getAsInt();
  }
}
