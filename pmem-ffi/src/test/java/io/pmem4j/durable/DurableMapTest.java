// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A map beside a TreeMap: by transactions, snapshots and readers beside a writer. */
@Timeout(120)
class DurableMapTest {
  private static final int PAGE = MapPage.SIZE;

  @TempDir Path folder;

  static TreeMap<byte[], byte[]> model() {
    return new TreeMap<>(Arrays::compareUnsigned);
  }

  static ArrayMemory memory(int pages) {
    return new ArrayMemory(Granularity.CACHE_LINE, pages * PAGE, 0);
  }

  static byte[] key(int number) {
    return ("key " + number).getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Fails unless the cursors of the snapshot find just what the model has. */
  static void assertEqual(
      MapSnapshot snapshot, TreeMap<byte[], byte[]> expected, byte[] from, byte[] to) {
    NavigableMap<byte[], byte[]> range = model();
    expected.forEach((key, value) -> {
      if ((from == null || Arrays.compareUnsigned(key, from) >= 0)
          && (to == null || Arrays.compareUnsigned(key, to) < 0)) {
        range.put(key, value);
      }
    });
    assertEqual(snapshot.ascending(from, to), range);
    assertEqual(snapshot.descending(from, to), range.descendingMap());
    assertThat(snapshot.size()).isEqualTo(expected.size());
  }

  private static void assertEqual(MapCursor cursor, NavigableMap<byte[], byte[]> expected) {
    for (Map.Entry<byte[], byte[]> entry : expected.entrySet()) {
      if (!cursor.next()
          || !Arrays.equals(cursor.key(), entry.getKey())
          || !Arrays.equals(cursor.value(), entry.getValue())) {
        throw new AssertionError("not at " + HexFormat.of().formatHex(entry.getKey()));
      }
      assertThat(cursor.keySegment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
          .isEqualTo(entry.getKey());
      assertThat(cursor.valueSegment().byteSize()).isEqualTo(entry.getValue().length);
    }
    assertThat(cursor.next()).isFalse();
    assertThat(cursor.next()).isFalse();
  }

  private static byte[] randomKey(SplittableRandom random, int spread) {
    byte[] key = new byte[random.nextInt(8) == 0 ? random.nextInt(1001) : random.nextInt(1, 12)];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) (random.nextInt(spread) * 97);
    }
    return key;
  }

  private static byte[] randomValue(SplittableRandom random) {
    int kind = random.nextInt(20);
    int length =
        kind == 0 ? random.nextInt(30_000) : kind < 4 ? random.nextInt(2000) : random.nextInt(60);
    byte[] value = new byte[length];
    random.nextBytes(value);
    return value;
  }

  /** Random transactions; the map is opened again now and then, and keeps a snapshot. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void behavesLikeATreeMap(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ArrayMemory memory = memory(6000);
    DurableMap map = DurableMap.open(memory);
    TreeMap<byte[], byte[]> expected = model();
    MapSnapshot held = map.snapshot();
    TreeMap<byte[], byte[]> heldModel = model();
    int spread = seed % 2 == 0 ? 3 : 256;
    for (int step = 0; step < 250; step++) {
      TreeMap<byte[], byte[]> next = model();
      next.putAll(expected);
      boolean shrinks = step / 50 % 2 == 1;
      try (MapTransaction transaction = map.begin()) {
        for (int i = random.nextInt(40); i > 0; i--) {
          byte[] key = randomKey(random, spread);
          if (random.nextInt(4) < (shrinks ? 3 : 1)) {
            byte[] near = random.nextBoolean() ? next.ceilingKey(key) : next.floorKey(key);
            key = near == null ? key : near;
            assertThat(transaction.remove(key)).isEqualTo(next.remove(key) != null);
          } else {
            byte[] value = randomValue(random);
            transaction.put(key, value);
            next.put(key, value);
          }
          byte[] other = randomKey(random, spread);
          assertThat(transaction.get(other)).isEqualTo(next.get(other));
          assertThat(transaction.get(key)).isEqualTo(next.get(key));
          assertThat(transaction.size()).isEqualTo(next.size());
        }
        if (random.nextInt(5) > 0) {
          transaction.commit();
          expected = next;
        }
      }
      byte[] one = randomKey(random, spread);
      assertThat(map.get(one)).isEqualTo(expected.get(one));
      if (step % 10 == 0) {
        assertThat(map.check()).isNotNegative();
        try (MapSnapshot snapshot = map.snapshot()) {
          assertEqual(snapshot, expected, null, null);
          assertEqual(snapshot, expected, randomKey(random, spread), randomKey(random, spread));
        }
        assertEqual(held, heldModel, null, null);
        held.close();
        if (random.nextInt(3) == 0) {
          map.close();
          map = DurableMap.open(memory);
        }
        held = map.snapshot();
        heldModel = expected;
      }
    }
    List<byte[]> all = List.copyOf(expected.keySet());
    for (byte[] key : all) {
      assertThat(map.remove(key)).isTrue();
    }
    assertThat(map.size()).isZero();
    held.close();
    assertThat(map.check()).isEqualTo(1);
  }

  @Test
  void keysInOrderFillTheirPages() {
    ArrayMemory memory = memory(400);
    DurableMap map = DurableMap.open(memory);
    try (MapTransaction transaction = map.begin()) {
      for (int i = 0; i < 10_000; i++) {
        transaction.put(
            "%08d".formatted(i).getBytes(java.nio.charset.StandardCharsets.UTF_8), new byte[64]);
      }
      transaction.commit();
    }
    assertThat(map.check()).isLessThan(10_000 / 53 + 5);
  }

  @Test
  void segmentsAreKeysAndValues() {
    DurableMap map = DurableMap.open(memory(8));
    var key = java.lang.foreign.MemorySegment.ofArray(new byte[] {1, 2});
    assertThat(map.get(key)).isNull();
    map.put(key, java.lang.foreign.MemorySegment.ofArray(new byte[] {3}));
    assertThat(map.get(new byte[] {1, 2})).isEqualTo(new byte[] {3});
    assertThat(map.get(key).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
        .isEqualTo(new byte[] {3});
  }

  @Test
  void refusals() {
    DurableMap map = DurableMap.open(memory(8));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> map.put(new byte[DurableMap.MAX_KEY_BYTES + 1], new byte[0]))
        .withMessageContaining("1001");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DurableMap.openOrCreate(folder.resolve("x"), 3 * PAGE - 1));
    MapTransaction transaction = map.begin();
    assertThatIllegalStateException().isThrownBy(map::begin);
    transaction.put(key(1), key(1));
    transaction.close();
    transaction.close();
    assertThatIllegalStateException().isThrownBy(() -> transaction.put(key(1), key(1)));
    assertThat(map.get(key(1))).isNull();
    MapSnapshot snapshot = map.snapshot();
    MapCursor cursor = snapshot.ascending();
    assertThatIllegalStateException().isThrownBy(cursor::key);
    snapshot.close();
    assertThatIllegalStateException().isThrownBy(cursor::next);
    map.close();
    map.close();
    assertThatIllegalStateException().isThrownBy(() -> map.get(key(1)));
    assertThatIllegalStateException().isThrownBy(() -> map.put(key(1), key(1)));
    assertThatIllegalStateException().isThrownBy(map::snapshot);
  }

  /**
   * A full map is unchanged, and keys can still be removed, although snapshots need the pages of
   * the last commits; then others can be put.
   */
  @Test
  void fullAndUsableAgain() {
    DurableMap map = DurableMap.open(memory(40));
    ArrayDeque<MapSnapshot> held = new ArrayDeque<>();
    int count = 0;
    while (true) {
      held.add(map.snapshot());
      if (held.size() > 3) {
        held.remove().close();
      }
      try {
        map.put(key(count), new byte[900]);
        count++;
      } catch (MapFullException full) {
        break;
      }
    }
    assertThat(map.size()).isEqualTo(count);
    assertThat(count).isGreaterThan(30);
    assertThat(map.check()).isPositive();
    assertThatExceptionOfType(MapFullException.class)
        .isThrownBy(() -> {
          while (true) {
            held.add(map.snapshot());
            map.put(key(1), new byte[900]);
          }
        });
    assertThat(map.remove(key(0))).isTrue();
    assertThat(map.size()).isEqualTo(count - 1);
    assertThat(held.getLast().get(key(0))).isEqualTo(new byte[900]);
    held.forEach(MapSnapshot::close);
    for (int i = 1; i < count; i++) {
      assertThat(map.remove(key(i))).isTrue();
    }
    map.put(key(1), new byte[8 * 4000]);
    assertThat(map.get(key(1))).hasSize(8 * 4000);
  }

  /** The pages that a snapshot needs are not written until it is closed; those after it are. */
  @Test
  void aSnapshotStaysAsItIs() {
    ArrayMemory memory = memory(64);
    DurableMap map = DurableMap.open(memory);
    for (int i = 0; i < 50; i++) {
      map.put(key(i), new byte[300]);
    }
    map.close();
    DurableMap again = DurableMap.open(memory); // with an empty cache
    MapSnapshot first = again.snapshot();
    for (int i = 0; i < 200; i++) {
      again.put(key(i % 50), new byte[301]);
    }
    assertThat(first.check()).isPositive();
    for (int i = 0; i < 50; i++) {
      assertThat(first.get(key(i))).hasSize(300);
      assertThat(again.get(key(i))).hasSize(301);
    }
  }

  @Test
  void oneDrainACommit() {
    int[] drains = new int[1];
    ArrayMemory memory =
        new ArrayMemory(Granularity.CACHE_LINE, 64 * PAGE, 0) {
          @Override
          public void drain() {
            drains[0]++;
            super.drain();
          }

          @Override
          public void persist(long offset, long length) {
            drains[0]++;
            super.persist(offset, length);
          }

          @Override
          public void publishLong(long offset, long value) {
            drains[0]++;
            super.publishLong(offset, value);
          }
        };
    DurableMap map = DurableMap.open(memory);
    map.put(key(0), key(0));
    drains[0] = 0;
    for (int i = 0; i < 200; i++) {
      map.put(key(i), key(i));
    }
    assertThat(drains[0]).isEqualTo(200);
    drains[0] = 0;
    try (MapTransaction transaction = map.begin()) {
      for (int i = 0; i < 200; i++) {
        transaction.put(key(i), new byte[500]);
      }
      transaction.commit();
    }
    assertThat(drains[0]).isEqualTo(1);
  }

  /** A reader meets no lock: it reads on while a transaction is open, and while many commit. */
  @Test
  void readersBesideAWriter() throws Exception {
    ArrayMemory memory = memory(40);
    DurableMap map = DurableMap.open(memory);
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      keys.add(key(i));
      map.put(key(i), key(0));
    }
    boolean[] stop = new boolean[1];
    Thread[] readers = new Thread[2];
    List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
    for (int r = 0; r < readers.length; r++) {
      boolean scans = r == 0;
      readers[r] =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  readUntil(map, keys, scans, stop);
                } catch (Throwable failure) {
                  failures.add(failure);
                }
              });
    }
    for (int round = 1; round < 3000; round++) {
      try (MapTransaction transaction = map.begin()) {
        for (byte[] key : keys) {
          transaction.put(key, key(round));
        }
        transaction.commit();
      } catch (MapFullException readersHoldThePages) {
        Thread.onSpinWait();
      }
    }
    synchronized (stop) {
      stop[0] = true;
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(failures).isEmpty();
  }

  private static void readUntil(DurableMap map, List<byte[]> keys, boolean scans, boolean[] stop) {
    while (true) {
      synchronized (stop) {
        if (stop[0]) {
          return;
        }
      }
      if (scans) {
        try (MapSnapshot snapshot = map.snapshot()) {
          MapCursor cursor = snapshot.ascending();
          byte[] first = null;
          for (int i = 0; i < keys.size(); i++) {
            assertThat(cursor.next()).isTrue();
            first = first == null ? cursor.value() : first;
            assertThat(cursor.value()).isEqualTo(first);
          }
        }
      } else {
        for (byte[] key : keys) {
          assertThat(map.get(key)).isNotNull();
        }
      }
    }
  }
}
