// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.PendingMemory.Call;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** A task that stops before its n-th call of a kind to the memory, until it is closed. */
final class StoppedTask implements AutoCloseable {
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final TaskThread task;

  StoppedTask(PendingMemory memory, Call call, int nth, TaskThread.Body body)
      throws InterruptedException {
    AtomicReference<Thread> stopped = new AtomicReference<>();
    AtomicInteger calls = new AtomicInteger();
    memory.listen((now, _, _) -> {
      if (Thread.currentThread() == stopped.get()
          && now == call
          && calls.incrementAndGet() == nth) {
        arrived.countDown();
        awaitGo();
      }
    });
    task =
        new TaskThread(() -> {
          stopped.set(Thread.currentThread());
          try {
            body.run();
          } finally {
            arrived.countDown(); // there are not as many calls
          }
        });
    arrived.await();
  }

  private void awaitGo() {
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    go.countDown();
    task.end();
  }
}
