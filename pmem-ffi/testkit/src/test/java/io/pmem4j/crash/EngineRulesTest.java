// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PmemFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Rules that no other test told from their mutants. */
class EngineRulesTest {
  @Test
  void twoStoresAroundTheCachesHaveNoOrderInOneLine() {
    byte[] word = {1, 1, 1, 1, 1, 1, 1, 1};
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(64));
    memory.write(0, word, 0, 8, Caching.NON_TEMPORAL);
    memory.write(8, word, 0, 8, Caching.NON_TEMPORAL);
    Set<String> states = new TreeSet<>();
    CrashStates.of(memory.trace())
        .check((state, acknowledged) -> states.add(state.getByte(0) + "," + state.getByte(8)));
    assertThat(states).containsExactly("0,0", "0,1", "1,0", "1,1");
  }

  @Test
  void statesAreToldApartByAllWordsOfALoad() {
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(64));
    memory.putLong(8, 1);
    CrashReport report =
        CrashStates.of(memory.trace())
            .check((state, acknowledged) -> {
              byte[] both = new byte[16];
              state.read(0, both, 0, 16);
              if (both[8] == 1) {
                throw new IllegalStateException("seen");
              }
            });
    assertThat(report.broken()).isEqualTo(1);
  }

  @Test
  void aDrainMakesNoLengthDurableEvenWithDurableCaches() {
    CrashMedium medium = CrashMedium.named("drain").modes(CrashMode.AUTO_FLUSH);
    assertThatThrownBy(() ->
            medium
                .run(path -> {
                  try (PmemFile file = PmemFile.open(path, MapSpec.openOrCreate(64));
                      FileChannel channel = file.channel();
                      Arena arena = Arena.ofConfined()) {
                    channel.write(ByteBuffer.wrap(new byte[] {1}), 64); // not forced
                    file.region(0, 8, arena).publishLong(0, 1);
                    medium.acknowledge("length", 65);
                  }
                })
                .after(path -> {
                  try (PmemFile file = PmemFile.open(path, MapSpec.openOrCreate(64))) {
                    assertThat(file.length()).isGreaterThanOrEqualTo(medium.acknowledged("length"));
                  }
                }))
        .isInstanceOf(CrashFoundError.class)
        .hasMessageContaining("length 65");
  }
}
