// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The map after a power failure in the middle of any of its drains, see {@link TornMemory}. */
@Tag("slow")
@Timeout(240)
class MapCrashTest {
  private static final int PAGE_WORDS = MapPage.SIZE / 8;
  private static final int PAGES = 28;

  private int states;

  private static byte[] key(int number) {
    return new byte[] {(byte) number};
  }

  /** Values of which a leaf holds few, so that the tree has levels; one in ten is larger. */
  private static byte[] value(SplittableRandom random) {
    byte[] value = new byte[random.nextInt(10) == 0 ? 5000 : random.nextInt(400, 900)];
    Arrays.fill(value, (byte) random.nextInt(1, 128));
    return value;
  }

  private static boolean holds(DurableMap map, Map<Integer, byte[]> expected) {
    try (MapSnapshot snapshot = map.snapshot()) {
      MapCursor cursor = snapshot.ascending();
      for (Map.Entry<Integer, byte[]> entry : expected.entrySet()) {
        if (!cursor.next()
            || !Arrays.equals(cursor.key(), key(entry.getKey()))
            || !Arrays.equals(cursor.value(), entry.getValue())) {
          return false;
        }
      }
      return !cursor.next();
    }
  }

  /** The map as it should be: after the acknowledged commit, or after the one in progress. */
  private static final class Model {
    private TreeMap<Integer, byte[]> before = new TreeMap<>();
    private TreeMap<Integer, byte[]> after = before;
  }

  private void check(Model model, long[] content, SplittableRandom random) {
    TornMemory memory = new TornMemory(content);
    DurableMap map = DurableMap.open(memory);
    boolean committed = holds(map, model.after);
    assertThat(committed || holds(map, model.before)).as("%d keys", map.size()).isTrue();
    map.check();
    if (random.nextInt(20) == 0) {
      // It goes on, and nothing that the crash left behind comes to life.
      TreeMap<Integer, byte[]> next = new TreeMap<>(committed ? model.after : model.before);
      if (!next.isEmpty()) {
        map.remove(key(next.pollFirstEntry().getKey()));
      }
      map.put(key(99), key(1));
      next.put(99, key(1));
      DurableMap again = DurableMap.open(new TornMemory(memory.durable.clone()));
      assertThat(holds(again, next)).isTrue();
      again.check();
    }
  }

  @Test
  void everyCommitAsAWhole() {
    for (int seed = 0; seed < 6; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Model model = new Model();
      TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
      memory.beforePersist =
          () -> states += memory.crash(random, content -> check(model, content, random));
      DurableMap map = DurableMap.open(memory);
      for (int step = 0; step < 12; step++) {
        model.after = new TreeMap<>(model.before);
        try (MapTransaction transaction = map.begin()) {
          for (int i = random.nextInt(1, 4); i > 0; i--) {
            int number = random.nextInt(12);
            if (random.nextInt(3) == 0) {
              transaction.remove(key(number));
              model.after.remove(number);
            } else {
              byte[] value = value(random);
              transaction.put(key(number), value);
              model.after.put(number, value);
            }
          }
          transaction.commit();
          model.before = model.after;
        } catch (MapFullException full) {
          model.after = model.before;
        }
        if (step == 8) {
          map = DurableMap.open(memory);
        }
      }
    }
    assertThat(states).isGreaterThan(10_000);
  }

  /** A commit is visible to readers only when it is durable. */
  @Test
  void readersSeeWhatIsDurable() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    DurableMap map = DurableMap.open(memory);
    map.put(key(1), key(1));
    int[] drains = new int[1];
    memory.beforePersist =
        () -> {
          drains[0]++;
          assertThat(map.get(key(1))).isEqualTo(key(1));
        };
    map.put(key(1), key(2));
    assertThat(map.get(key(1))).isEqualTo(key(2));
    assertThat(drains[0]).isEqualTo(1);
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** A kill leaves in the caches what is not durable; when it has been read, it stays. */
  @Test
  void aCommitFoundAfterAKillIsMadeDurable() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    DurableMap map = DurableMap.open(memory);
    map.put(key(1), key(1));
    memory.beforePersist =
        () -> {
          throw new Killed();
        };
    assertThatExceptionOfType(Killed.class).isThrownBy(() -> map.put(key(2), key(2)));
    memory.beforePersist = () -> {};
    assertThat(DurableMap.open(memory).get(key(2))).isEqualTo(key(2));
    int tried =
        memory.crash(
            new SplittableRandom(1),
            content ->
                assertThat(DurableMap.open(new TornMemory(content)).get(key(2))).isEqualTo(key(2)));
    assertThat(tried).isPositive();
  }

  /** After a commit that may or may not be durable, there is no further one. */
  @Test
  void aFailedCommitIsTheLast() {
    boolean[] fails = new boolean[1];
    ArrayMemory memory =
        new ArrayMemory(Granularity.CACHE_LINE, PAGES * MapPage.SIZE, 0) {
          @Override
          public void drain() {
            if (fails[0]) {
              throw new Killed();
            }
          }
        };
    DurableMap map = DurableMap.open(memory);
    map.put(key(1), key(1));
    fails[0] = true;
    assertThatExceptionOfType(Killed.class).isThrownBy(() -> map.put(key(2), key(2)));
    fails[0] = false;
    assertThatIllegalStateException()
        .isThrownBy(() -> map.put(key(3), key(3)))
        .withMessageContaining("failed");
    assertThat(map.get(key(2))).isNull();
    map.close();
    assertThat(DurableMap.open(memory).get(key(2))).isEqualTo(key(2));
  }

  /**
   * A torn commit of two keys, and then one that stores the missing page again: the torn one stays
   * dead, although all its pages are there for a moment.
   */
  @Test
  void aTornCommitStaysDead() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    DurableMap map = DurableMap.open(memory);
    try (MapTransaction transaction = map.begin()) {
      for (int i = 0; i < 7; i++) {
        transaction.put(key(i), new byte[1000]); // two leaves and a root
      }
      transaction.commit();
    }
    map.put(key(9), key(9));
    long[] before = memory.durable.clone();
    try (MapTransaction transaction = map.begin()) {
      transaction.put(key(0), new byte[1001]);
      transaction.put(key(6), new byte[1001]);
      transaction.commit();
    }
    // Of its pages the one that was stored first is missing.
    long[] torn = memory.durable.clone();
    int first = MapHeader.FIRST_PAGE;
    while (!differs(before, torn, first)) {
      first++;
    }
    copyPage(before, torn, first);
    copyNotes(before, torn);
    TornMemory after = new TornMemory(torn);
    DurableMap again = DurableMap.open(after);
    assertThat(again.get(key(0))).hasSize(1000);
    int missing = first;
    after.beforePersist =
        () -> {
          long[] content = after.durable.clone();
          for (int word = missing * PAGE_WORDS; word < (missing + 1) * PAGE_WORDS; word++) {
            content[word] = after.getLong(8L * word);
          }
          DurableMap found = DurableMap.open(new TornMemory(content));
          assertThat(found.get(key(6))).hasSize(1000);
          states++;
        };
    again.put(key(0), new byte[1001]);
    assertThat(states).isEqualTo(3); // the note, the torn root's slot, the commit
    assertThat(differs(before, after.durable, first)).isTrue();
  }

  private static boolean differs(long[] one, long[] other, int page) {
    int from = page * PAGE_WORDS;
    int to = from + PAGE_WORDS;
    return !Arrays.equals(one, from, to, other, from, to);
  }

  private static void copyPage(long[] from, long[] to, int page) {
    System.arraycopy(from, page * PAGE_WORDS, to, page * PAGE_WORDS, PAGE_WORDS);
  }

  /** Copies the words that say which commits are durable. */
  private static void copyNotes(long[] from, long[] to) {
    for (int page = 0; page < MapHeader.FIRST_PAGE; page++) {
      int note = page * PAGE_WORDS + 128;
      to[note] = from[note];
    }
  }

  /** A commit that lacks any of its pages did not happen. */
  @Test
  void aCommitWithoutOneOfItsPagesIsTorn() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    DurableMap map = DurableMap.open(memory);
    for (int i = 0; i < 8; i++) {
      map.put(key(i), new byte[900]);
    }
    long[] before = memory.durable.clone();
    try (MapTransaction transaction = map.begin()) {
      transaction.put(key(1), new byte[901]);
      transaction.put(key(7), new byte[9000]);
      transaction.commit();
    }
    int pages = 0;
    for (int page = MapHeader.FIRST_PAGE; page < PAGES; page++) {
      long[] torn = memory.durable.clone();
      if (differs(before, torn, page)) {
        copyPage(before, torn, page);
        copyNotes(before, torn);
        DurableMap found = DurableMap.open(new TornMemory(torn));
        assertThat(found.get(key(1))).as("without page %d", page).hasSize(900);
        found.check();
        pages++;
      }
    }
    assertThat(pages).isEqualTo(6); // two leaves, the root, three parts
  }

  /** Once the map was closed, each flipped bit of what it reads is detected or does not matter. */
  @Test
  void aFlippedBitIsNeverServed() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    TreeMap<Integer, byte[]> expected = new TreeMap<>();
    try (DurableMap map = DurableMap.open(memory)) {
      for (int i = 0; i < 9; i++) {
        byte[] value = DurableLogTest.bytes(i, i == 4 ? 4500 : 300 + i);
        map.put(key(i), value);
        expected.put(i, value);
      }
    }
    int detected = 0;
    int all = 0;
    for (int word = 0; word < PAGES * PAGE_WORDS; word++) {
      if (memory.durable[word] == 0 && word % 64 != 0) {
        continue;
      }
      for (int bit = word % 5; bit < 64; bit += 5) {
        long[] content = memory.durable.clone();
        content[word] ^= 1L << bit;
        all++;
        try {
          assertThat(holds(DurableMap.open(new TornMemory(content)), expected))
              .as("word %d bit %d", word, bit)
              .isTrue();
        } catch (DurableCorruptionException | DurableFormatException told) {
          detected++;
        }
      }
    }
    assertThat(detected).isBetween(2000, all - 2000);
  }

  /** The pages of a large value are not free, also when the map was opened again. */
  @Test
  void largeValuesStayAfterOpening() {
    TornMemory memory = new TornMemory(PAGES * PAGE_WORDS);
    DurableMap map = DurableMap.open(memory);
    byte[] large = DurableLogTest.bytes(1, 12_000);
    map.put(key(1), large);
    for (int i = 0; i < 8; i++) {
      map.put(key(i + 2), new byte[800]);
    }
    map.close();
    DurableMap again = DurableMap.open(memory);
    for (int i = 0; i < 40; i++) {
      again.put(key(2 + i % 8), new byte[800]);
    }
    again.close();
    DurableMap last = DurableMap.open(memory);
    assertThat(last.check()).isPositive();
    assertThat(last.get(key(1))).isEqualTo(large);
  }

  /** At the granularity of pages a commit is one sync, wherever its pages lie. */
  @Test
  void oneSyncACommitOfAFile() {
    int[] syncs = new int[1];
    ArrayMemory memory =
        new ArrayMemory(Granularity.PAGE, 4000 * MapPage.SIZE, 0) {
          @Override
          public void flush(long offset, long length) {
            syncs[0]++;
          }
        };
    DurableMap map = DurableMap.open(memory);
    map.put(key(0), key(0));
    syncs[0] = 0;
    for (int i = 0; i < 50; i++) {
      map.put(key(i), new byte[900 * i]);
    }
    assertThat(syncs[0]).isEqualTo(50);
  }
}
