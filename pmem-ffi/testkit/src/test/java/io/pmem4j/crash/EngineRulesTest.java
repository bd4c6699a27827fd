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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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

  /** With a look at all that is pending at each flush or drain this takes hours. */
  @Test
  @Timeout(60)
  void aTraceOfHundredsOfThousandsOfRecordsIsFollowed() {
    int lines = 1 << 17;
    RecordedMemory memory = RecordedMemory.over(new HeapMemory(lines * 64L));
    memory.putLong(0, -1);
    memory.flush(0, 8);
    memory.drain();
    StoreTrace one = memory.trace();
    List<TraceEvent> events = new ArrayList<>();
    for (long line = 0; line < lines; line++) {
      events.add(one.events().get(0).at(line * 64));
      events.add(one.events().get(1).at(line * 64));
      events.add(one.events().get(0).at(line * 64 + 8)); // stays pending
      if (line % 8 == 7) {
        events.add(one.events().get(2));
      }
    }
    HeapMemory left = CrashStates.of(one.withEvents(events)).chosenAtEnd(3);
    assertThat(left.getLong((lines - 1) * 64L)).isEqualTo(-1);
    long kept = 0;
    for (int line = 0; line < lines; line++) {
      kept -= left.getLong(line * 64L + 8);
    }
    assertThat(kept).isBetween(lines / 4L, lines * 3 / 4L);
  }

  /** With a look at all that is pending at each drain this takes many minutes. */
  @Test
  @Timeout(60)
  void drainsCostNothingForThePendingStoresOfAnotherThread() {
    int lines = 1 << 16;
    byte[] one = {1, 0, 0, 0, 0, 0, 0, 0};
    TraceEvent drain = TraceEvent.range(TraceEvent.Kind.DRAIN, 0, CodeSite.UNKNOWN, "drain", 0, 0);
    List<TraceEvent> events = new ArrayList<>();
    for (long line = 0; line < lines; line++) {
      long at = (lines + line) * 64;
      events.add(
          TraceEvent.store(0, CodeSite.UNKNOWN, "putLong", StoreOrder.PLAIN, at, one.clone()));
      events.add(TraceEvent.range(TraceEvent.Kind.FLUSH, 0, CodeSite.UNKNOWN, "flush", at, 8));
    }
    events.add(drain);
    for (long line = 0; line < lines; line++) {
      events.add(
          TraceEvent.store(1, CodeSite.UNKNOWN, "putLong", StoreOrder.PLAIN, line * 64, one));
    }
    List<TraceEvent> drained = new ArrayList<>(events.subList(2 * lines + 1, events.size()));
    for (int line = 0; line < lines; line++) {
      drained.addAll(events.subList(2 * line, 2 * line + 2));
      drained.add(drain);
    }
    StoreTrace empty = RecordedMemory.over(new HeapMemory(2L * lines * 64)).trace();
    assertThat(DurabilityRules.check(empty.withEvents(drained), CrashMode.X86)).isEmpty();
    for (int i = 0; i < 1 << 19; i++) {
      events.add(drain);
    }
    HeapMemory left =
        CrashStates.of(empty.withEvents(events)).mode(CrashMode.AUTO_FLUSH).chosenAtEnd(3);
    assertThat(left.getLong((2L * lines - 1) * 64)).isEqualTo(1);
    // With durable caches the stores of the other thread survive up to one of them.
    int kept = 0;
    while (kept < lines && left.getLong(kept * 64L) == 1) {
      kept++;
    }
    assertThat(kept).isBetween(0, lines - 1);
    assertThat(left.getLong((lines - 1) * 64L)).isZero();
  }

  @Test
  void repeatedStoresHaveTheNameOfTheirOperation() {
    RecordedMemory memory = RecordedMemory.byOperation(new HeapMemory(64));
    memory.putLong(0, 1);
    memory.begin("append 2");
    memory.putLong(8, 2);
    memory.persist(0, 16);
    assertThat(memory.trace().events())
        .extracting(event -> event.site().toString())
        .containsExactly("?", "append 2", "append 2", "append 2", "append 2");
  }
}
