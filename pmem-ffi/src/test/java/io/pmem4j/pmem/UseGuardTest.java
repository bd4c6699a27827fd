// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The guard by itself: a use in progress delays shut, a later one is refused. */
@Timeout(300)
@Tag("slow")
class UseGuardTest {
  private static final int ROUNDS = 200;

  private static final int THREADS = 2;

  private static final int MISSES = 8;

  /** More than caches hold, for each thread; made once, because new memory is zeroed. */
  private static final int[][] SCATTERED = new int[THREADS][1 << 24];

  @Test
  void nobodyIsInsideWhenShutReturns() throws Exception {
    assertThat(foundInside(UseGuard.Striped::new, ROUNDS)).isZero();
  }

  @Test
  void theRaceFindsAGuardWithoutFence() throws Exception {
    Supplier<UseGuard> withoutFence =
        () ->
            new UseGuard.Striped() {
              @Override
              void count(Stripe stripe) {
                countWithoutFence(stripe);
              }
            };
    int found = 0;
    for (int tries = 0; tries < 1000 && found == 0; tries++) {
      found = foundInside(withoutFence, ROUNDS);
    }
    assertThat(found).isPositive();
  }

  /** Returns how often a use was in progress after shut had returned. */
  private static int foundInside(Supplier<UseGuard> guards, int rounds) throws Exception {
    CyclicBarrier start = new CyclicBarrier(THREADS + 1);
    CyclicBarrier end = new CyclicBarrier(THREADS + 1);
    AtomicReference<UseGuard> guard = new AtomicReference<>();
    boolean[] gone = new boolean[1]; // plain, as what is behind an address would be
    int[] violations = new int[THREADS * 32];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int mine = i * 32;
      int[] scattered = SCATTERED[i];
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                for (int round = 0; round < rounds; round++) {
                  await(start);
                  UseGuard now = guard.get();
                  int at = round;
                  try {
                    while (true) {
                      // Misses keep the stores behind them in the store buffer: without a fence the
                      // count is then seen late, which is what the race needs.
                      at = at * 1664525 + 1013904223;
                      for (int miss = 0; miss < MISSES; miss++) {
                        scattered[(at + miss * 40_503 * 16) & (scattered.length - 1)] = at;
                      }
                      UseGuard.Stripe ticket = now.enter();
                      if (gone[0]) {
                        violations[mine]++;
                      }
                      now.exit(ticket);
                    }
                  } catch (IllegalStateException closed) {
                    await(end);
                  }
                }
              }));
    }
    for (int round = 0; round < rounds; round++) {
      gone[0] = false;
      guard.set(guards.get());
      await(start);
      for (int spin = round % 64; spin > 0; spin--) {
        Thread.onSpinWait();
      }
      guard.get().shut();
      gone[0] = true;
      await(end);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int sum = 0;
    for (int violation : violations) {
      sum += violation;
    }
    return sum;
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception broken) {
      throw new IllegalStateException(broken);
    }
  }

  /** Short-lived threads leave the count of a stripe unchanged, under any owner. */
  @Test
  void stripesOfTheDeadAreInherited() throws Exception {
    UseGuard guard = new UseGuard.Striped();
    for (int i = 0; i < 300; i++) {
      Thread thread =
          Thread.ofPlatform()
              .start(() -> {
                for (int use = 0; use < 5; use++) {
                  guard.exit(guard.enter());
                }
                UseGuard.Stripe outer = guard.enter();
                UseGuard.Stripe inner = guard.enter();
                guard.exit(inner);
                guard.exit(outer);
              });
      thread.join();
    }
    assertThat(guard.shut()).isTrue();
    assertThatIllegalStateException().isThrownBy(guard::enter);
  }

  @Test
  void shutWaitsForTheOneInside() throws Exception {
    UseGuard guard = new UseGuard.Striped();
    guard.exit(guard.enter()); // the stripe is ours
    UseGuard.Stripe ticket = guard.enter();
    Thread closer = Thread.ofPlatform().start(guard::shut);
    while (!isShut(guard)) {
      Thread.onSpinWait();
    }
    assertThat(closer.isAlive()).isTrue();
    guard.exit(ticket);
    assertThat(closer.join(java.time.Duration.ofSeconds(60))).isTrue();
  }

  @Test
  void aCallWithoutUseDelaysNoOneWhoShuts() {
    UseGuard guard = new UseGuard.Striped();
    guard.requireOpen();
    assertThat(guard.isIdle()).isTrue();
    assertThat(guard.shut()).isTrue();
    assertThatIllegalStateException().isThrownBy(guard::requireOpen);
  }

  private static boolean isShut(UseGuard guard) {
    try {
      guard.exit(guard.enter());
      return false;
    } catch (IllegalStateException shut) {
      return true;
    }
  }
}
