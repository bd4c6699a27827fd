// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;

/** A thread of a test, with the exception that ended it; it starts at once. */
final class TaskThread extends Thread {
  /** Calls that a thread makes. */
  interface Body {
    void run() throws Exception;
  }

  private final Body body;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  TaskThread(Body body) {
    this.body = body;
    start();
  }

  @Override
  public void run() {
    try {
      body.run();
    } catch (Throwable e) {
      failure.set(e);
    }
  }

  /** Waits until it has ended or is blocked. */
  void awaitStandstill() {
    while (getState() == State.NEW || getState() == State.RUNNABLE) {
      Thread.onSpinWait();
    }
  }

  /** Waits until it has ended, and requires that no exception ended it. */
  void end() throws InterruptedException {
    join();
    assertThat(failure.get()).isNull();
  }
}
