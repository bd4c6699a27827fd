// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class MutexTest {
  private static final int TASKS = 8;
  private static final int ROUNDS = 20_000;

  @Test
  void aSecondTaskStaysOutside() {
    assertThat(secondStaysOutside(Scheduler.production())).isTrue();
  }

  private static boolean secondStaysOutside(Scheduler scheduler) {
    Mutex mutex = new Mutex(scheduler, "m");
    try (Tasks tasks = new Tasks()) {
      mutex.lock();
      tasks.start(() -> {
        try (var _ = mutex.lock()) {
          tasks.log.add("inside");
        }
      });
      Tasks.until(() -> mutex.queueLength() == 1 || !tasks.log.isEmpty());
      boolean outside = tasks.log.isEmpty();
      mutex.unlock();
      tasks.join();
      return outside;
    }
  }

  @Test
  void onlyOneTaskIsInsideUnderStress() {
    assertThat(overlaps(Scheduler.production())).isZero();
  }

  /** Returns how often a task found another one in the critical section. */
  private static int overlaps(Scheduler scheduler) {
    Mutex mutex = new Mutex(scheduler, "m");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger overlaps = new AtomicInteger();
    try (Tasks tasks = new Tasks()) {
      for (int i = 0; i < TASKS; i++) {
        tasks.start(() -> {
          for (int round = 0; round < ROUNDS && overlaps.get() == 0; round++) {
            try (var _ = mutex.lock()) {
              if (inside.incrementAndGet() != 1) {
                overlaps.incrementAndGet();
              }
              inside.decrementAndGet();
            }
          }
        });
      }
      tasks.join();
    }
    return overlaps.get();
  }

  @Test
  void waitersAreServedInOrder() {
    assertThat(order(Scheduler.production())).containsExactly("0", "1", "2", "3");
  }

  private static List<String> order(Scheduler scheduler) {
    Mutex mutex = new Mutex(scheduler, "m");
    try (Tasks tasks = new Tasks()) {
      mutex.lock();
      for (int i = 0; i < 4; i++) {
        String name = Integer.toString(i);
        int nth = i + 1;
        tasks.start(() -> {
          try (var _ = mutex.lock()) {
            tasks.log.add(name);
          }
        });
        Tasks.until(() -> mutex.queueLength() == nth);
      }
      mutex.unlock();
      tasks.join();
      return List.copyOf(tasks.log);
    }
  }

  @Test
  void theReleaserHandsOverAndCannotTakeItBackFirst() {
    Mutex mutex = new Mutex(Scheduler.production(), "m");
    try (Tasks tasks = new Tasks()) {
      mutex.lock();
      tasks.start(() -> {
        mutex.lock();
        Tasks.until(() -> mutex.queueLength() == 1);
        tasks.log.add("waiter");
        mutex.unlock();
      });
      Tasks.until(() -> mutex.queueLength() == 1);
      mutex.unlock();
      assertThat(mutex.tryLock()).isFalse();
      mutex.lock();
      assertThat(tasks.log).containsExactly("waiter");
      mutex.unlock();
      tasks.join();
    }
  }

  @Test
  void misuseIsReported() {
    Mutex mutex = new Mutex(Scheduler.production(), "truncateMutex");
    assertThatIllegalStateException()
        .isThrownBy(mutex::unlock)
        .withMessageContaining("truncateMutex");
    assertThatIllegalStateException().isThrownBy(mutex::assertHeld);
    mutex.lock();
    mutex.assertHeld();
    assertThat(mutex.isLocked()).isTrue();
    assertThatIllegalStateException()
        .isThrownBy(mutex::lock)
        .withMessageContaining("self-deadlock");
    assertThat(mutex.tryLock()).isFalse();
    try (Tasks tasks = new Tasks()) {
      tasks.start(() -> assertThatIllegalStateException().isThrownBy(mutex::unlock));
      tasks.join();
    }
    mutex.unlock();
    assertThat(mutex.isLocked()).isFalse();
  }

  @Test
  void anInterruptDoesNotEndTheWaitAndStaysPending() {
    Mutex mutex = new Mutex(Scheduler.production(), "m");
    try (Tasks tasks = new Tasks()) {
      mutex.lock();
      Thread waiter =
          tasks.start(() -> {
            try (var _ = mutex.lock()) {
              tasks.log.add("interrupted " + Thread.currentThread().isInterrupted());
            }
          });
      Tasks.until(() -> mutex.queueLength() == 1);
      waiter.interrupt();
      // It has taken the interrupt off, and so has been awake, and waits again.
      Tasks.until(() -> !waiter.isInterrupted() && waiter.getState() == Thread.State.WAITING);
      assertThat(tasks.log).isEmpty();
      mutex.unlock();
      tasks.join();
      assertThat(tasks.log).containsExactly("interrupted true");
    }
  }
}
