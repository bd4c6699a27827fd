// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One request waits for those that other workers took before it, and for no later one. */
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class InFlightTest {
  private final InFlight inFlight = new InFlight();
  private final InFlight.Slot own = inFlight.newSlot();
  private final InFlight.Slot other = inFlight.newSlot();

  @Test
  void idleWorkersAreNotWaitedFor() {
    own.begin();
    long begin = System.nanoTime();
    own.awaitOthers(false, () -> false);
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.MILLISECONDS.toNanos(900));
  }

  @Test
  void aRequestOfAnotherWorkerIsWaitedForAndTheOneAfterItIsNot() throws Exception {
    other.begin();
    own.begin();
    AtomicBoolean ended = new AtomicBoolean();
    AtomicBoolean seen = new AtomicBoolean();
    CountDownLatch done = new CountDownLatch(1);
    Thread waiter =
        new Thread(() -> {
          own.awaitOthers(false, () -> false);
          seen.set(ended.get());
          done.countDown();
        });
    waiter.start();
    // It blocks with a limit, which is a state of its own.
    while (waiter.getState() != Thread.State.TIMED_WAITING && waiter.isAlive()) {
      Thread.onSpinWait();
    }
    ended.set(true);
    other.end();
    other.begin();
    done.await();
    assertThat(seen).isTrue();
  }

  @Test
  void twoThatWaitForEachOtherBothGoOn() throws Exception {
    own.begin();
    other.begin();
    Thread first = new Thread(() -> own.awaitOthers(false, () -> false));
    first.start();
    other.awaitOthers(false, () -> false);
    first.join();
    assertThat(first.isAlive()).isFalse();
  }

  @Test
  void whatIsNeverForgottenIsWaitedForAMomentOnly() {
    own.begin();
    long begin = System.nanoTime();
    own.awaitOthers(false, () -> true);
    assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(40));
  }

  private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(900);

  private long nanosOfWait(InFlight.Slot slot) {
    slot.begin();
    long begin = System.nanoTime();
    slot.awaitOthers(true, () -> false);
    long nanos = System.nanoTime() - begin;
    slot.end();
    return nanos;
  }

  /** Asks a worker whose answer a test decides on, and returns the waiter when it blocks. */
  private Thread waiting(AtomicBoolean seen, AtomicBoolean done) {
    return blocked(() -> {
      own.begin();
      own.awaitOthers(true, () -> false);
      seen.set(done.get());
    });
  }

  @Test
  void aWorkerIsAskedForARequestThatItHasNotBegun() throws Exception {
    InFlight.Slot ring = inFlight.newSlot(() -> true);
    AtomicBoolean seen = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();
    Thread waiter = waiting(seen, done);
    ring.begin();
    done.set(true);
    ring.end();
    waiter.join();
    assertThat(seen).as("the request was answered before the wait ended").isTrue();
  }

  @Test
  void aWorkerThatHasNoRequestSaysSo() throws Exception {
    InFlight.Slot ring = inFlight.newSlot(() -> true);
    AtomicBoolean seen = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();
    Thread waiter = waiting(seen, done);
    done.set(true);
    ring.answered(1);
    waiter.join();
    assertThat(seen).isTrue();
  }

  @Test
  void workersThatCannotBeAskedAreNotWaitedFor() {
    assertThat(nanosOfWait(own)).isLessThan(LONG_NANOS);
    inFlight.newSlot(() -> true);
    own.begin();
    long begin = System.nanoTime();
    own.awaitOthers(false, () -> false);
    assertThat(System.nanoTime() - begin).as("not asked").isLessThan(LONG_NANOS);
  }

  /** It has no second request that it could begin. */
  @Test
  void aWorkerThatWaitsForOthersIsNotWaitedFor() throws Exception {
    InFlight.Slot first = inFlight.newSlot(() -> true);
    InFlight.Slot second = inFlight.newSlot(() -> true);
    // The first two to ask wait for an answer, the third is told that there is nobody.
    AtomicInteger asked = new AtomicInteger();
    InFlight.Slot silent = inFlight.newSlot(() -> asked.getAndIncrement() < 2);
    List<Thread> waiters = List.of(waiting(first), waiting(second));
    assertThat(nanosOfWait(own)).isLessThan(LONG_NANOS);
    silent.answered(2);
    for (Thread waiter : waiters) {
      waiter.join();
    }
  }

  private Thread waiting(InFlight.Slot slot) {
    return blocked(() -> nanosOfWait(slot));
  }

  /** Starts a thread and returns it when it blocks with a limit, which is a state of its own. */
  private static Thread blocked(Runnable task) {
    Thread thread = new Thread(task);
    thread.start();
    while (thread.getState() != Thread.State.TIMED_WAITING && thread.isAlive()) {
      Thread.onSpinWait();
    }
    return thread;
  }
}
