// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HostClockTest {
  private final AtomicLong now = new AtomicLong(1_000_500);
  private final HostClock clock = new HostClock(now::get);

  @Test
  void everySecondOfAnOperationStandsForItsVirtualOne() {
    clock.note();
    now.set(1_002_100);
    clock.note();
    assertThat(clock.time(1_000)).isEqualTo("+0");
    assertThat(clock.time(1_002)).isEqualTo("+0");
    assertThat(clock.time(990)).as("before the program").isEqualTo("real-10");
  }

  @Test
  void noSecondStandsForTwo() {
    clock.note();
    long pause = clock.forward(5);
    assertThat(pause).isBetween(501L, 600L);
    now.addAndGet(pause);
    clock.note();
    assertThat(clock.time(1_000)).isEqualTo("+0");
    assertThat(clock.time(1_001)).isEqualTo("+5");
    assertThat(clock.forward(1)).isPositive();
  }

  /** The kernel stamps with the last tick: just after a full second it may be the one before. */
  @Test
  void aStampOfTheLastTickIsKnown() {
    now.set(1_005_003);
    clock.note();
    assertThat(clock.time(1_004)).isEqualTo("+0");
    assertThat(clock.time(1_005)).isEqualTo("+0");
  }
}
