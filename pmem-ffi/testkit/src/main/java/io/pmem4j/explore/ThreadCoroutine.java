// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A coroutine on a thread of its own; exactly one side runs at any time. */
final class ThreadCoroutine implements Coroutine {
  /** Unwinds the thread of an abandoned task. */
  private static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("abandoned", null, false, false);
    }
  }

  private final Thread thread;
  private volatile boolean taskRuns;
  private volatile boolean done;
  private volatile boolean abandoned;
  private volatile @Nullable Thread explorer;

  ThreadCoroutine(Runnable body) {
    thread =
        Thread.ofPlatform()
            .name("explored")
            .daemon()
            .unstarted(() -> {
              try {
                body.run();
              } catch (Abandoned e) {
                // Expected: the explorer has abandoned the task.
              } finally {
                done = true;
                taskRuns = false;
                LockSupport.unpark(explorer);
              }
            });
  }

  @Override
  public void resume() {
    explorer = Thread.currentThread();
    taskRuns = true;
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    } else {
      LockSupport.unpark(thread);
    }
    while (taskRuns) {
      LockSupport.park(this);
    }
  }

  @Override
  public boolean isDone() {
    return done;
  }

  @Override
  public void pause() {
    taskRuns = false;
    LockSupport.unpark(explorer);
    while (!taskRuns) {
      LockSupport.park(this);
    }
    if (abandoned) {
      throw new Abandoned();
    }
  }

  @Override
  public void abandon() {
    if (!done && thread.getState() != Thread.State.NEW) {
      abandoned = true;
      // Waits until it has unwound: its finally blocks must not overlap the next run.
      for (int i = 0; i < 1000 && !done; i++) {
        resume();
      }
    }
  }
}
