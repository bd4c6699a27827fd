// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All the ways in and out of the locks at once, drawn by chance, on threads of both kinds. What is
 * checked is who is inside together, that everybody gets through, and that nothing is left behind.
 */
@Timeout(120)
class LockStressTest {
  private static final int TASKS = 6;
  private static final int ROUNDS = 3_000;

  /** The tasks in a critical section, counted apart from the locks. */
  private static final class Inside {
    final AtomicInteger readers = new AtomicInteger();
    final AtomicInteger writers = new AtomicInteger();
    final AtomicInteger violations = new AtomicInteger();
    final AtomicInteger together = new AtomicInteger();

    void read(SplittableRandom random) {
      readers.incrementAndGet();
      stay(random);
      if (readers.get() > 1) {
        together.incrementAndGet();
      }
      if (writers.get() != 0) {
        violations.incrementAndGet();
      }
      readers.decrementAndGet();
    }

    void write(SplittableRandom random) {
      writers.incrementAndGet();
      stay(random);
      if (writers.get() != 1 || readers.get() != 0) {
        violations.incrementAndGet();
      }
      writers.decrementAndGet();
    }

    /** Others get the processor while this one is inside. */
    private static void stay(SplittableRandom random) {
      if (random.nextInt(4) == 0) {
        Thread.yield();
      }
    }
  }

  private interface Body {
    void run(SplittableRandom random);
  }

  private static void run(boolean virtual, Body body) throws Exception {
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    CountDownLatch all = new CountDownLatch(TASKS);
    for (int i = 0; i < TASKS; i++) {
      SplittableRandom random = new SplittableRandom(i);
      threads.add(
          (virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon())
              .start(() -> {
                try {
                  all.countDown();
                  all.await();
                  for (int round = 0; round < ROUNDS; round++) {
                    body.run(random);
                  }
                } catch (Throwable failure) {
                  failures.add(failure);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(failures).isEmpty();
  }

  private static void step(RwSemaphore semaphore, Inside inside, SplittableRandom random) {
    switch (random.nextInt(8)) {
      case 0, 1 -> {
        try (var _ = semaphore.exclusive()) {
          inside.write(random);
        }
      }
      case 2 -> {
        if (semaphore.tryDownWrite()) {
          inside.write(random);
          semaphore.upWrite();
        }
      }
      case 3 -> {
        if (semaphore.tryDownRead()) {
          inside.read(random);
          semaphore.upRead();
        }
      }
      case 4 -> {
        // Twice, where that is allowed: there are no waiters.
        semaphore.downRead();
        boolean again = semaphore.tryDownRead();
        inside.read(random);
        if (again) {
          semaphore.upRead();
        }
        semaphore.upRead();
      }
      default -> {
        try (var _ = semaphore.shared()) {
          inside.read(random);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readersAndWriters(boolean virtual) throws Exception {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    Inside inside = new Inside();
    run(virtual, random -> step(semaphore, inside, random));
    assertThat(inside.violations).hasValue(0);
    assertThat(inside.together.get()).as("readers that met inside").isPositive();
    assertThat(semaphore.isLocked()).isFalse();
    assertThat(semaphore.queueLength()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void exclusion(boolean virtual) throws Exception {
    Mutex mutex = new Mutex(Scheduler.production(), "m");
    Inside inside = new Inside();
    long[] plain = new long[1];
    AtomicInteger taken = new AtomicInteger();
    run(
        virtual,
        random -> {
          if (random.nextInt(4) != 0) {
            mutex.lock();
          } else if (!mutex.tryLock()) {
            return;
          }
          inside.write(random);
          plain[0]++; // and nothing is lost between owners
          taken.incrementAndGet();
          mutex.unlock();
        });
    assertThat(inside.violations).hasValue(0);
    assertThat(plain[0]).isEqualTo(taken.get());
    assertThat(mutex.isLocked()).isFalse();
    assertThat(mutex.queueLength()).isZero();
  }

  /**
   * While readers come and go without end, a writer that waits gets its turn, and it is the next
   * one: no reader who came after it was inside before it.
   */
  @Test
  void aStreamOfReadersDoesNotHoldUpAWriter() {
    RwSemaphore semaphore = new RwSemaphore(Scheduler.production(), "s");
    try (Tasks tasks = new Tasks()) {
      semaphore.downRead();
      tasks.startWaiter(
          semaphore,
          1,
          () -> {
            try (var _ = semaphore.exclusive()) {
              tasks.log.add("writer");
            }
          });
      for (int i = 0; i < 4; i++) {
        int nth = i + 2;
        tasks.startWaiter(
            semaphore,
            nth,
            () -> {
              try (var _ = semaphore.shared()) {
                tasks.log.add("reader");
              }
            });
      }
      assertThat(semaphore.tryDownRead()).isFalse();
      semaphore.upRead();
      tasks.join();
      assertThat(tasks.log).hasSize(5).startsWith("writer");
    }
  }
}
