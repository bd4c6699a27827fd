// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MappingRoomTest {
  @Test
  void othersKeepTheirPart() throws Exception {
    AtomicLong mappings = new AtomicLong(1000);
    MappingRoom room = new MappingRoom(65_530, mappings::get);
    int taken = 0;
    try {
      while (true) {
        room.take();
        mappings.addAndGet(2);
        taken++;
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("no more than 61435");
    }
    assertThat(mappings.get()).isBetween(61_430L, 61_435L);
    assertThat(taken).isEqualTo((61_435 - 1000) / 2);
    assertThatExceptionOfType(IOException.class).isThrownBy(room::take);
    mappings.set(30_000);
    room.take();
  }

  @Test
  void thisProcessHasRoom() throws Exception {
    MappingRoom.ofThisProcess().take();
  }

  @Test
  void itIsCountedAgainWhenChangesMadeLess() throws Exception {
    AtomicLong counted = new AtomicLong();
    MappingRoom room =
        new MappingRoom(
            65_530,
            () -> {
              counted.incrementAndGet();
              return 1000;
            });
    for (int i = 0; i < 200_000; i++) {
      room.take();
    }
    assertThat(counted.get()).isBetween(5L, 10L);
  }

  @Test
  void withoutLimitNothingIsCounted() throws Exception {
    MappingRoom room =
        new MappingRoom(
            Long.MAX_VALUE,
            () -> {
              throw new AssertionError("counted");
            });
    room.take();
  }
}
