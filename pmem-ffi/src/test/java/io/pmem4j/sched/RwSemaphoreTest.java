// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RwSemaphoreTest {
  private static final int TASKS = 8;
  private static final int ROUNDS = 20_000;

  @Test
  void aWriterStaysOutsideWhileAReaderIsInside() {
    assertThat(writerStaysOutside(Scheduler.production())).isTrue();
  }

  private static boolean writerStaysOutside(Scheduler scheduler) {
    RwSemaphore semaphore = new RwSemaphore(scheduler, "s");
    try (Tasks tasks = new Tasks()) {
      semaphore.downRead();
      tasks.start(() -> inside(tasks, "writer", semaphore.exclusive()));
      Tasks.until(() -> semaphore.queueLength() == 1 || !tasks.log.isEmpty());
      if (!tasks.log.isEmpty()) {
        // The semaphore is broken; letting go would race with the writer's own letting go.
        return false;
      }
      semaphore.upRead();
      tasks.join();
      return true;
    }
  }

  @Test
  void aWriterIsAloneInsideUnderStress() {
    assertThat(overlaps(Scheduler.production())).isZero();
  }

  private static int overlaps(Scheduler scheduler) {
    RwSemaphore semaphore = new RwSemaphore(scheduler, "s");
    AtomicInteger readers = new AtomicInteger();
    AtomicInteger writers = new AtomicInteger();
    AtomicInteger overlaps = new AtomicInteger();
    try (Tasks tasks = new Tasks()) {
      for (int i = 0; i < TASKS; i++) {
        tasks.start(() -> {
          for (int round = 0; round < ROUNDS && overlaps.get() == 0; round++) {
            boolean write = ThreadLocalRandom.current().nextInt(4) == 0;
            AtomicInteger mine = write ? writers : readers;
            try (var _ = write ? semaphore.exclusive() : semaphore.shared()) {
              int count = mine.incrementAndGet();
              if (write ? count != 1 || readers.get() != 0 : writers.get() != 0) {
                overlaps.incrementAndGet();
              }
              mine.decrementAndGet();
            }
          }
        });
      }
      tasks.join();
    }
    return overlaps.get();
  }

  @Test
  void readersRunTogether() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    CountDownLatch bothInside = new CountDownLatch(2);
    try (Tasks tasks = new Tasks()) {
      for (int i = 0; i < 2; i++) {
        tasks.start(() -> {
          try (var _ = semaphore.shared()) {
            bothInside.countDown();
            Tasks.await(bothInside);
          }
        });
      }
      tasks.join();
    }
  }

  @Test
  void aReaderThatArrivesAfterAWaitingWriterWaits() {
    assertThat(readerQueuesBehindWriter(Scheduler.production())).isTrue();
  }

  private static boolean readerQueuesBehindWriter(Scheduler scheduler) {
    RwSemaphore semaphore = new RwSemaphore(scheduler, "s");
    try (Tasks tasks = new Tasks()) {
      semaphore.downRead();
      tasks.startWaiter(semaphore, 1, () -> inside(tasks, "writer", semaphore.exclusive()));
      tasks.start(() -> inside(tasks, "reader", semaphore.shared()));
      // The reader either joins the queue or gets in: one of the two happens.
      Tasks.until(() -> semaphore.queueLength() == 2 || !tasks.log.isEmpty());
      boolean queued = semaphore.queueLength() == 2 && tasks.log.isEmpty();
      if (queued) {
        assertThat(semaphore.tryDownRead()).isFalse();
      }
      semaphore.upRead();
      tasks.join();
      return queued && tasks.log.peek().equals("writer");
    }
  }

  @Test
  void aReaderPhaseWakesAllReadersInTheQueue() {
    assertThat(readersWokenTogether(Scheduler.production())).isEqualTo(2);
  }

  /**
   * A writer holds; the queue is reader, writer, reader. How many readers does the release wake?
   */
  private static int readersWokenTogether(Scheduler scheduler) {
    RwSemaphore semaphore = new RwSemaphore(scheduler, "s");
    CountDownLatch go = new CountDownLatch(1);
    try (Tasks tasks = new Tasks()) {
      semaphore.downWrite();
      Runnable reader =
          () -> {
            try (var _ = semaphore.shared()) {
              tasks.log.add("reader");
              Tasks.await(go);
            }
          };
      tasks.startWaiter(semaphore, 1, reader);
      tasks.startWaiter(semaphore, 2, () -> inside(tasks, "writer", semaphore.exclusive()));
      tasks.startWaiter(semaphore, 3, reader);
      semaphore.upWrite();
      // Granted under the release: the queue tells at once, before anybody has run.
      int woken = 3 - semaphore.queueLength();
      go.countDown();
      tasks.join();
      assertThat(tasks.log).containsExactlyInAnyOrder("reader", "reader", "writer");
      return woken;
    }
  }

  @Test
  void aWriterPhaseWakesTheWriterAlone() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    try (Tasks tasks = new Tasks()) {
      semaphore.downWrite();
      tasks.startWaiter(semaphore, 1, () -> inside(tasks, "writer", semaphore.exclusive()));
      tasks.startWaiter(semaphore, 2, () -> inside(tasks, "reader", semaphore.shared()));
      semaphore.upWrite();
      tasks.join();
      assertThat(tasks.log).containsExactly("writer", "reader");
    }
  }

  @Test
  void aTaskMayTakeTheSharedSideAgainWhenNobodyWaits() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    semaphore.downRead();
    semaphore.downRead();
    semaphore.upRead();
    assertThat(semaphore.isHeldShared()).isTrue();
    semaphore.upRead();
    assertThat(semaphore.isLocked()).isFalse();
  }

  @Test
  void certainSelfDeadlocksAreReported() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "daxSem");
    semaphore.downWrite();
    assertThatIllegalStateException().isThrownBy(semaphore::downWrite);
    assertThatIllegalStateException().isThrownBy(semaphore::downRead);
    semaphore.upWrite();
    semaphore.downRead();
    assertThatIllegalStateException().isThrownBy(semaphore::downWrite);
    try (Tasks tasks = new Tasks()) {
      tasks.startWaiter(semaphore, 1, () -> inside(tasks, "writer", semaphore.exclusive()));
      assertThatIllegalStateException()
          .isThrownBy(semaphore::downRead)
          .withMessageContaining("daxSem: self-deadlock");
      semaphore.upRead();
      tasks.join();
    }
    assertThat(semaphore.isLocked()).isFalse();
  }

  @Test
  void releasesByOthersAreReported() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    assertThatIllegalStateException().isThrownBy(semaphore::upRead);
    assertThatIllegalStateException().isThrownBy(semaphore::upWrite);
    semaphore.downRead();
    assertThatIllegalStateException().isThrownBy(semaphore::upWrite);
    assertThatIllegalStateException().isThrownBy(semaphore::assertHeldExclusively);
    semaphore.assertHeld();
    try (Tasks tasks = new Tasks()) {
      tasks.start(() -> assertThatIllegalStateException().isThrownBy(semaphore::upRead));
      tasks.join();
    }
    semaphore.upRead();
    assertThatIllegalStateException().isThrownBy(semaphore::assertHeld);
  }

  @Test
  void tryNeverWaits() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    assertThat(semaphore.tryDownWrite()).isTrue();
    assertThat(semaphore.isHeldExclusively()).isTrue();
    assertThat(semaphore.tryDownRead()).isFalse();
    assertThat(semaphore.tryDownWrite()).isFalse();
    semaphore.upWrite();
    assertThat(semaphore.tryDownRead()).isTrue();
    assertThat(semaphore.tryDownWrite()).isFalse();
    semaphore.upRead();
  }

  @Test
  void anInterruptDoesNotEndTheWaitAndStaysPending() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    try (Tasks tasks = new Tasks()) {
      semaphore.downRead();
      Thread writer =
          tasks.startWaiter(
              semaphore,
              1,
              () -> {
                try (var _ = semaphore.exclusive()) {
                  tasks.log.add("interrupted " + Thread.currentThread().isInterrupted());
                }
              });
      writer.interrupt();
      Tasks.until(() -> !writer.isInterrupted() && writer.getState() == Thread.State.WAITING);
      assertThat(tasks.log).isEmpty();
      semaphore.upRead();
      tasks.join();
      assertThat(tasks.log).containsExactly("interrupted true");
    }
  }

  private static void inside(Tasks tasks, String who, HeldLock held) {
    try (held) {
      tasks.log.add(who);
    }
  }
}
