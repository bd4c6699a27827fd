// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ThawWatchdogTest {
  private static final Duration NEVER = Duration.ofHours(1);

  /** The operation that waited may go on before the thaw has returned. */
  @Test
  void aThawThatIsUnderWayWasNeeded() throws Exception {
    CountDownLatch thawing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ThawWatchdog.Thaw slowly =
        () -> {
          thawing.countDown();
          try {
            assertThat(goOn.await(20, TimeUnit.SECONDS)).isTrue();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    try (ThawWatchdog thaw = new ThawWatchdog(slowly, Duration.ZERO)) {
      assertThat(thawing.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(thaw.fired()).isTrue();
      goOn.countDown();
    }
  }

  @Test
  void anOperationThatEndsInTimeNeedsNone() {
    try (ThawWatchdog thaw =
        new ThawWatchdog(
            () -> {
              throw new AssertionError("thawed");
            },
            NEVER)) {
      assertThat(thaw.fired()).isFalse();
    }
  }
}
