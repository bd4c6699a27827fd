// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.sched.Scheduler;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The identities of the processes whose operations run, by task: tasks of an explorer share a
 * thread. Thread-safe.
 */
final class TaskIdentities {
  private final Scheduler scheduler;
  private final Map<Object, Credentials> running = new ConcurrentHashMap<>();

  TaskIdentities(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  /**
   * Returns the identity on whose behalf the current task takes blocks; root's outside of calls.
   */
  Credentials current() {
    return running.getOrDefault(scheduler.currentTask(), Credentials.ROOT);
  }

  /** A call of a process. */
  interface Call<T> {
    T run() throws Ext2Exception;
  }

  /** Runs a call of the current task with an identity. */
  <T> T call(Credentials identity, Call<T> call) throws Ext2Exception {
    Object task = scheduler.currentTask();
    running.put(task, identity);
    try {
      return call.run();
    } finally {
      running.remove(task);
    }
  }
}
