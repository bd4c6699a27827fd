// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Workers of an io_uring stay on its CPU, but for the copying of large requests. */
class HomeCpuTest {
  private static final int CPU = 3;
  private static final int SMALL = 4096;

  private long now = Long.MAX_VALUE - 1000;
  private final HomeCpu home = new HomeCpu(CPU, () -> now);

  private int after(long millis, long bytes) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
    home.requested(bytes);
    return home.wanted();
  }

  @Test
  void smallRequestsAreServedAtHome() {
    assertThat(home.wanted()).isEqualTo(CPU);
    assertThat(after(0, SMALL)).isEqualTo(CPU);
    assertThat(after(1000, ClientCpu.LARGE_BYTES - 1)).isEqualTo(CPU);
  }

  @Test
  void largeRequestsAreServedAnywhereForAMoment() {
    assertThat(after(0, ClientCpu.LARGE_BYTES)).isEqualTo(ClientCpu.ANY);
    assertThat(after(60, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(39, ClientCpu.LARGE_BYTES)).as("once more").isEqualTo(ClientCpu.ANY);
    assertThat(after(99, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(1, SMALL)).isEqualTo(CPU);
    assertThat(after(5, SMALL)).isEqualTo(CPU);
  }
}
