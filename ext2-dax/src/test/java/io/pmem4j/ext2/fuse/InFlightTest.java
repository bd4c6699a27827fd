// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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
    own.awaitOthers(() -> false);
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
          own.awaitOthers(() -> false);
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
    Thread first = new Thread(() -> own.awaitOthers(() -> false));
    first.start();
    other.awaitOthers(() -> false);
    first.join();
    assertThat(first.isAlive()).isFalse();
  }

  @Test
  void whatIsNeverForgottenIsWaitedForAMomentOnly() {
    own.begin();
    long begin = System.nanoTime();
    own.awaitOthers(() -> true);
    assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(40));
  }
}
