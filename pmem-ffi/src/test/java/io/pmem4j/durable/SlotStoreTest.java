// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.InMemory;
import java.io.RandomAccessFile;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records in slots: in order, by several threads, after power failures, and damaged. */
@Timeout(120)
class SlotStoreTest {
  private static final int SLOT = 100;
  private static final int SLOTS = 8;
  private static final int WORDS = (int) SlotHeader.of(SLOT, SLOTS).bytes() / 8;

  @TempDir(factory = InMemory.class)
  Path folder;

  private int states;

  private static boolean holds(SlotStore store, Map<Integer, byte[]> expected) {
    return store.slots().boxed().toList().equals(List.copyOf(expected.keySet()))
        && expected.entrySet().stream()
            .allMatch(each -> Arrays.equals(store.read(each.getKey()), each.getValue()));
  }

  @Test
  void keepsRecordsInAFile() throws Exception {
    Path path = folder.resolve("store");
    TreeMap<Integer, byte[]> expected = new TreeMap<>();
    SplittableRandom random = new SplittableRandom(1);
    for (int run = 0; run < 4; run++) {
      try (SlotStore store = SlotStore.openOrCreate(path, SLOT, SLOTS)) {
        assertThat(holds(store, expected)).isTrue();
        assertThat(store.tornSlots()).isZero();
        for (int step = 0; step < 200; step++) {
          if (expected.size() < SLOTS && random.nextBoolean()) {
            byte[] record = DurableLogTest.bytes(step, random.nextInt(SLOT + 1));
            int slot = store.write(record);
            assertThat(expected.put(slot, record)).isNull();
            expected
                .keySet()
                .forEach(other ->
                    assertThat(store.sequence(other)).isLessThanOrEqualTo(store.sequence(slot)));
          } else if (!expected.isEmpty()) {
            int slot = List.copyOf(expected.keySet()).get(random.nextInt(expected.size()));
            store.free(slot);
            expected.remove(slot);
            assertThatExceptionOfType(NoSuchElementException.class)
                .isThrownBy(() -> store.read(slot));
            assertThatExceptionOfType(NoSuchElementException.class)
                .isThrownBy(() -> store.free(slot));
          }
        }
        assertThat(holds(store, expected)).isTrue();
      }
    }
  }

  @Test
  void refusals() {
    SlotStore store = SlotStore.open(new TornMemory(WORDS), SLOT, SLOTS);
    assertThatIllegalArgumentException().isThrownBy(() -> store.write(new byte[SLOT + 1]));
    for (int i = 0; i < SLOTS; i++) {
      store.write(new byte[0]);
    }
    assertThatExceptionOfType(StoreFullException.class).isThrownBy(() -> store.write(new byte[1]));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> store.read(SLOTS));
    store.close();
    assertThatIllegalStateException().isThrownBy(() -> store.free(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SlotStore.open(new TornMemory(WORDS), 0, SLOTS));
  }

  @Test
  void threadsDoNotDisturbEachOther() throws Exception {
    try (SlotStore store = SlotStore.openOrCreate(folder.resolve("store"), 64, 1000)) {
      Thread[] writers = new Thread[4];
      for (int w = 0; w < writers.length; w++) {
        int seed = w;
        writers[w] =
            Thread.ofPlatform()
                .start(() -> {
                  for (int n = 0; n < 500; n++) {
                    byte[] record = DurableLogTest.bytes(1000 * seed + n, 64);
                    int slot = store.write(record);
                    assertThat(store.read(slot)).isEqualTo(record);
                    if (n % 5 != 0) {
                      store.free(slot);
                    }
                  }
                });
      }
      for (Thread writer : writers) {
        writer.join();
      }
      assertThat(store.slots()).hasSize(400);
    }
  }

  @Test
  void wholeRecordsAndNothingElse() {
    for (int seed = 0; seed < 20; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      TornMemory memory = new TornMemory(WORDS);
      TreeMap<Integer, byte[]> before = new TreeMap<>();
      byte[][] writing = new byte[1][];
      Integer[] freeing = new Integer[1];
      memory.beforePersist =
          () ->
              states +=
                  memory.crash(random, content -> check(content, before, writing[0], freeing[0]));
      SlotStore store = SlotStore.open(memory, SLOT, SLOTS);
      for (int step = 0; step < 15; step++) {
        if (before.size() < SLOTS && random.nextInt(3) > 0) {
          writing[0] = DurableLogTest.bytes(100 * seed + step, random.nextInt(1, SLOT));
          before.put(store.write(writing[0]), writing[0]);
          writing[0] = null;
        } else if (!before.isEmpty()) {
          freeing[0] = before.firstKey();
          store.free(freeing[0]);
          before.remove(freeing[0]);
          freeing[0] = null;
        }
      }
    }
    assertThat(states).isGreaterThan(5_000);
  }

  private static void check(
      long[] content, Map<Integer, byte[]> before, byte[] writing, Integer freeing) {
    TornMemory after = new TornMemory(content);
    SlotStore store = SlotStore.open(after, SLOT, SLOTS);
    assertThat(store.tornSlots()).isLessThanOrEqualTo(1);
    TreeMap<Integer, byte[]> found = new TreeMap<>();
    store.slots().forEach(slot -> found.put(slot, store.read(slot)));
    before.forEach((slot, record) -> {
      byte[] there = found.remove(slot);
      boolean gone = there == null && slot.equals(freeing);
      assertThat(gone || Arrays.equals(there, record)).as("slot %d", slot).isTrue();
    });
    assertThat(found.size()).isLessThanOrEqualTo(1);
    found.values().forEach(record -> assertThat(record).isEqualTo(writing));
    if (before.size() < SLOTS - 1) {
      byte[] more = DurableLogTest.bytes(1, 40);
      int slot = store.write(more);
      SlotStore again = SlotStore.open(new TornMemory(after.durable.clone()), SLOT, SLOTS);
      assertThat(again.read(slot)).isEqualTo(more);
    }
  }

  /** A damaged record is not served, and counted; a record never changes. */
  @Test
  void aFlippedBitIsNeverServed() {
    TornMemory memory = new TornMemory(WORDS);
    SlotStore store = SlotStore.open(memory, SLOT, SLOTS);
    TreeMap<Integer, byte[]> expected = new TreeMap<>();
    for (int i = 0; i < 3; i++) {
      byte[] record = DurableLogTest.bytes(i, 50);
      expected.put(store.write(record), record);
    }
    for (int word = 0; word < WORDS; word++) {
      for (int bit = 0; bit < 64; bit += 3) {
        long[] content = memory.durable.clone();
        content[word] ^= 1L << bit;
        SlotStore damaged = SlotStore.open(new TornMemory(content), SLOT, SLOTS);
        damaged
            .slots()
            .forEach(slot -> assertThat(damaged.read(slot)).isEqualTo(expected.get(slot)));
        assertThat(damaged.slots().count() + damaged.tornSlots()).isBetween(3L, 4L);
      }
    }
    memory.putLong(SlotHeader.of(SLOT, SLOTS).at(1) + 24, 0);
    assertThatExceptionOfType(DurableCorruptionException.class).isThrownBy(() -> store.read(1));
  }

  @Test
  void foreignAndShortFilesAreRefusedUnchanged() throws Exception {
    Path path = folder.resolve("store");
    SlotStore.openOrCreate(path, SLOT, SLOTS).close();
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> SlotStore.openOrCreate(path, SLOT, SLOTS - 1))
        .withMessageContaining("8 slots of 100 bytes, expected 7 of 100");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int length = 8 * WORDS - 1; length >= 0; length--) {
        file.setLength(length);
        assertThatExceptionOfType(FileSystemException.class)
            .as("length %d", length)
            .isThrownBy(() -> SlotStore.openOrCreate(path, SLOT, SLOTS));
        assertThat(file.length()).isEqualTo(length);
      }
    }
    byte[] foreign = new byte[8 * WORDS];
    foreign[8200] = 1;
    Files.write(path, foreign);
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> SlotStore.openOrCreate(path, SLOT, SLOTS))
        .withMessageContaining("8200");
    assertThat(Files.readAllBytes(path)).isEqualTo(foreign);
  }

  @Test
  void isReadByAnother() throws Exception {
    Path path = folder.resolve("store");
    StringBuilder expected = new StringBuilder();
    try (SlotStore store = SlotStore.openOrCreate(path, SLOT, SLOTS)) {
      for (int i = 0; i < SLOTS; i++) {
        store.write(DurableLogTest.bytes(i, 12 * i));
      }
      store.free(3);
      store
          .slots()
          .forEach(slot ->
              expected.append(
                  "%d %d %s%n"
                      .formatted(
                          slot, store.sequence(slot), HexFormat.of().formatHex(store.read(slot)))));
    }
    assertThat(LogFormatTest.python("read_slots.py", path))
        .containsExactlyElementsOf(expected.toString().lines().toList());
  }
}
