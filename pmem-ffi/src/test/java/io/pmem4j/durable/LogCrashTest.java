// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log after a power failure in the middle of any of its persists, see {@link TornMemory}. */
@Tag("slow")
@Timeout(240)
class LogCrashTest {
  private static final int RING = 4096;
  private static final int WORDS = (LogHeader.RING + RING) / 8;

  /** The log as it should be: records in order, of which the first ones are acknowledged. */
  private static final class Model {
    private final List<byte[]> added = new ArrayList<>();
    private int acknowledged;
    private int removed;
    private int removing;
  }

  private int states;

  /** Recovers a state, and a second time after a crash in the recovery. */
  private void check(Model model, long[] content, SplittableRandom random, boolean again) {
    TornMemory memory = new TornMemory(content);
    if (again) {
      memory.beforePersist =
          () -> {
            Runnable keep = memory.beforePersist;
            memory.beforePersist = () -> {};
            states +=
                memory.crash(
                    new SplittableRandom(2),
                    inner -> {
                      if (random.nextInt(20) == 0) {
                        check(model, inner, random, false);
                      }
                    });
            memory.beforePersist = keep;
          };
    }
    DurableLog log = DurableLog.open(memory);
    memory.beforePersist = () -> {};
    List<byte[]> found = DurableLogTest.all(log);
    int first = -1;
    for (int from : new int[] {model.removed, model.removing}) {
      int to = from + found.size();
      if (to >= model.acknowledged
          && to <= model.added.size()
          && equal(found, model.added.subList(from, to))) {
        first = from;
      }
    }
    assertThat(first)
        .as(
            "%d found; %d added, %d acknowledged, %d removed",
            found.size(), model.added.size(), model.acknowledged, model.removed)
        .isNotNegative();
    // It goes on: nothing that the crash left behind comes to life.
    byte[] more = DurableLogTest.bytes(states, 20 + 16 * random.nextInt(3));
    try {
      log.append(more);
      found.add(more);
    } catch (LogFullException refused) {
      // Then the old records are all there.
    }
    long[] after = memory.durable.clone();
    DurableLog reopened = DurableLog.open(new TornMemory(after));
    assertThat(equal(DurableLogTest.all(reopened), found)).isTrue();
  }

  private static boolean equal(List<byte[]> one, List<byte[]> other) {
    if (one.size() != other.size()) {
      return false;
    }
    for (int i = 0; i < one.size(); i++) {
      if (!Arrays.equals(one.get(i), other.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Test
  void everyPrefixAndNothingElse() {
    for (int seed = 0; seed < 25; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Model model = new Model();
      TornMemory memory = new TornMemory(WORDS);
      memory.beforePersist =
          () -> states += memory.crash(random, content -> check(model, content, random, true));
      DurableLog log = DurableLog.open(memory);
      List<Long> positions = new ArrayList<>();
      for (int step = 0; step < 12; step++) {
        switch (random.nextInt(5)) {
          case 0, 1, 2 -> {
            byte[] record = DurableLogTest.bytes(100 * seed + step, random.nextInt(1, 700));
            model.added.add(record);
            try {
              positions.add(log.add(record));
            } catch (LogFullException refused) {
              model.added.removeLast();
            }
          }
          case 3 -> {
            log.sync();
            model.acknowledged = model.added.size();
          }
          default -> {
            log.sync();
            model.acknowledged = model.added.size();
            model.removing = random.nextInt(model.removed, positions.size() + 1);
            log.truncatePrefix(
                model.removing == positions.size()
                    ? log.durableEnd()
                    : positions.get(model.removing));
            model.removed = model.removing;
          }
        }
      }
    }
    assertThat(states).isGreaterThan(10_000);
  }

  /** A record that a crash has torn off lies behind a new one of the same size: it stays dead. */
  @Test
  void aRecordFromBeforeTheCrashStaysDead() {
    for (boolean truncate : new boolean[] {false, true}) {
      TornMemory memory = new TornMemory(WORDS);
      DurableLog log = DurableLog.open(memory);
      log.add(DurableLogTest.bytes(1, 40));
      long second = log.add(DurableLogTest.bytes(2, 40));
      long[] torn = new long[WORDS];
      for (int i = 0; i < WORDS; i++) {
        torn[i] = memory.getLong(8L * i);
      }
      torn[LogHeader.RING / 8 + 2] ^= 1; // the first is torn, the second whole
      TornMemory after = new TornMemory(torn);
      DurableLog reopened = DurableLog.open(after);
      assertThat(DurableLogTest.all(reopened)).isEmpty();
      byte[] replacement = DurableLogTest.bytes(3, 40);
      reopened.append(replacement);
      if (truncate) {
        reopened.truncatePrefix(second);
      }
      List<byte[]> found =
          DurableLogTest.all(DurableLog.open(new TornMemory(after.durable.clone())));
      assertThat(equal(found, truncate ? List.of() : List.of(replacement))).isTrue();
    }
  }

  /** A flipped bit is detected, does not matter, or hides what the last sync made durable. */
  @Test
  void aFlippedBitIsNeverServed() {
    TornMemory memory = new TornMemory(WORDS);
    DurableLog log = DurableLog.open(memory);
    List<byte[]> added = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      byte[] record = DurableLogTest.bytes(i, 40 + i);
      log.append(record);
      added.add(record);
    }
    long last = LogHeader.RING + 3 * 64;
    int detected = 0;
    for (int word = 0; word < LogHeader.RING / 8 + 40; word++) {
      for (int bit = 0; bit < 64; bit++) {
        long[] content = memory.durable.clone();
        content[word] ^= 1L << bit;
        List<byte[]> found;
        try {
          found = DurableLogTest.all(DurableLog.open(new TornMemory(content)));
        } catch (DurableCorruptionException told) {
          detected++;
          continue;
        }
        boolean lastHit = 8L * word >= last;
        assertThat(equal(found, added) || (lastHit && equal(found, added.subList(0, 3))))
            .as("word %d bit %d: %d records", word, bit, found.size())
            .isTrue();
      }
    }
    assertThat(detected).isGreaterThan(3 * 40 * 8);
  }
}
