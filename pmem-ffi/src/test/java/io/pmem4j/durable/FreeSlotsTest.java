// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Free slots: each once, to one thread, and none only if there is none. */
class FreeSlotsTest {
  private static FreeSlots full(int slots) {
    FreeSlots free = new FreeSlots(slots);
    for (int slot = slots - 1; slot >= 0; slot--) {
      free.add(slot);
    }
    return free;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 127, 128, 1000, 1025, 5000})
  void allSlotsInAscendingOrder(int slots) {
    FreeSlots free = full(slots);
    for (int slot = 0; slot < slots; slot++) {
      assertThat(free.poll()).isEqualTo(slot);
    }
    assertThat(free.poll()).isEqualTo(-1);
    free.add(slots / 2);
    assertThat(free.poll()).isEqualTo(slots / 2);
    assertThat(free.poll()).isEqualTo(-1);
  }

  /** Each thread holds at most so many slots that one more is always free. */
  @ParameterizedTest
  @ValueSource(ints = {20, 200, 3000})
  void aSlotIsOneThreadsAndThereIsAlwaysOne(int slots) throws Exception {
    int threads = 4;
    int most = (slots - 1) / threads;
    FreeSlots free = full(slots);
    AtomicIntegerArray owners = new AtomicIntegerArray(slots);
    List<String> wrong = new ArrayList<>();
    List<Thread> all = new ArrayList<>();
    for (int t = 1; t <= threads; t++) {
      int number = t;
      all.add(
          Thread.ofPlatform()
              .start(() -> {
                SplittableRandom random = new SplittableRandom(number);
                ArrayDeque<Integer> mine = new ArrayDeque<>();
                for (int i = 0; i < 50_000; i++) {
                  if (mine.size() < most && random.nextInt(3) > 0) {
                    int slot = free.poll();
                    if (slot < 0 || !owners.compareAndSet(slot, 0, number)) {
                      synchronized (wrong) {
                        wrong.add(slot + " at step " + i);
                      }
                      return;
                    }
                    mine.add(slot);
                  } else if (!mine.isEmpty()) {
                    int slot = random.nextBoolean() ? mine.removeFirst() : mine.removeLast();
                    owners.set(slot, 0);
                    free.add(slot);
                  }
                }
              }));
    }
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void theSlotFreedLastIsUsedFirst() {
    FreeSlots free = full(10);
    assertThat(List.of(free.poll(), free.poll(), free.poll())).containsExactly(0, 1, 2);
    free.add(1);
    free.add(0);
    assertThat(List.of(free.poll(), free.poll(), free.poll())).containsExactly(0, 1, 3);
  }
}
