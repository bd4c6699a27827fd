// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Workers follow one program from CPU to CPU, and several programs not at all. */
class ClientCpuTest {
  private static final int SMALL = 48;
  private static final int PROGRAM = 100;
  private static final int OTHER = 101;

  private final Map<Integer, Integer> cpus = new HashMap<>();
  private long now = Long.MAX_VALUE - 1000;
  private int lookups;
  private final ClientCpu client =
      new ClientCpu(
          thread -> {
            lookups++;
            return cpus.get(thread);
          },
          () -> now);

  private int after(long millis, int thread, long bytes) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
    client.requested(thread, bytes);
    return client.wanted();
  }

  private int after(long millis, int thread, int cpu, long bytes) {
    cpus.put(thread, cpu);
    return after(millis, thread, bytes);
  }

  @Test
  void aProgramIsFollowedFromItsSecondLookupOn() {
    assertThat(after(0, PROGRAM, 3, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(2, PROGRAM, 3, SMALL)).isEqualTo(3);
    assertThat(after(2, PROGRAM, 3, SMALL)).isEqualTo(3);
  }

  /** While a CPU is idle the scheduler wakes the program there, away from the worker. */
  @Test
  void aProgramThatLeavesTheWorkersIsLeftToTheScheduler() {
    after(0, PROGRAM, 3, SMALL);
    after(2, PROGRAM, 3, SMALL);
    assertThat(after(2, PROGRAM, 5, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(99, PROGRAM, 5, SMALL)).isEqualTo(ClientCpu.ANY);
    after(1, PROGRAM, 5, SMALL);
    assertThat(after(2, PROGRAM, 5, SMALL)).isEqualTo(5);
  }

  @Test
  void aCpuIsLookedUpEveryFewMillisecondsOnly() {
    after(0, PROGRAM, 3, SMALL);
    for (int i = 0; i < 10; i++) {
      after(1, PROGRAM, SMALL);
    }
    assertThat(lookups).isEqualTo(6);
  }

  @Test
  void programsOnSeveralCpusAreLeftToTheScheduler() {
    after(0, PROGRAM, 3, SMALL);
    after(2, PROGRAM, 3, SMALL);
    assertThat(after(2, OTHER, 4, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(50, PROGRAM, 3, SMALL)).isEqualTo(ClientCpu.ANY);
    assertThat(after(49, PROGRAM, 3, SMALL)).isEqualTo(ClientCpu.ANY);
    after(1, PROGRAM, 3, SMALL);
    assertThat(after(2, PROGRAM, 3, SMALL)).isEqualTo(3);
  }

  @Test
  void aSecondProgramOnTheSameCpuChangesNothing() {
    after(0, PROGRAM, 3, SMALL);
    after(2, PROGRAM, 3, SMALL);
    assertThat(after(2, OTHER, 3, SMALL)).isEqualTo(3);
    assertThat(after(2, PROGRAM, 3, SMALL)).isEqualTo(3);
  }

  @Test
  void theCopyOfALargeRequestRunsBesideTheProgram() {
    after(0, PROGRAM, 3, SMALL);
    after(2, PROGRAM, 3, SMALL);
    assertThat(after(0, PROGRAM, ClientCpu.LARGE_BYTES)).isEqualTo(ClientCpu.ANY);
    assertThat(after(2, PROGRAM, 3, SMALL)).isEqualTo(ClientCpu.ANY);
  }

  @Test
  void aThreadThatIsGoneIsNotFollowed() {
    after(0, PROGRAM, 3, SMALL);
    after(2, PROGRAM, 3, SMALL);
    assertThat(after(2, PROGRAM, ClientCpu.ANY, SMALL)).isEqualTo(ClientCpu.ANY);
  }
}
