// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static io.pmem4j.durable.DurableMapTest.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A map whose file grows: beside a TreeMap, snapshots and readers. */
@Timeout(120)
class MapGrowthTest {
  private static final int PAGE = MapPage.SIZE;

  @TempDir Path folder;

  /** A snapshot of before the growth stays readable, and the file is as long after a restart. */
  @Test
  void growsFromThreePages() throws Exception {
    Path path = folder.resolve("map");
    SplittableRandom random = new SplittableRandom(7);
    TreeMap<byte[], byte[]> model = DurableMapTest.model();
    try (DurableMap map = DurableMap.openOrCreate(path, 3 * PAGE)) {
      map.put(key(1000), key(0));
      model.put(key(1000), key(0));
      try (MapSnapshot early = map.snapshot()) {
        for (int i = 1; i < 600; i++) {
          byte[] value = new byte[i % 50 == 0 ? 30_000 : random.nextInt(200)];
          random.nextBytes(value);
          byte[] key = key(random.nextInt(300));
          map.put(key, value);
          model.put(key, value);
        }
        assertThat(early.get(key(1000))).isEqualTo(key(0));
        assertThat(early.check()).isOne();
      }
      assertHolds(map, model);
    }
    long length = Files.size(path);
    assertThat(length).isGreaterThan(30 * PAGE);
    try (DurableMap map = DurableMap.open(path)) {
      assertHolds(map, model);
      map.put(key(7), key(7));
    }
    assertThat(Files.size(path)).isEqualTo(length);
  }

  private static void assertHolds(DurableMap map, TreeMap<byte[], byte[]> model) {
    assertThat(map.check()).isPositive();
    try (MapSnapshot snapshot = map.snapshot()) {
      DurableMapTest.assertEqual(snapshot, model, null, null);
    }
  }

  /** The declared maximum holds, and a full map of it can still remove. */
  @Test
  void growsUpToTheMaximum() throws Exception {
    Path path = folder.resolve("map");
    DurableMap.Builder builder = DurableMap.builder().initialBytes(3 * PAGE).maxBytes(20 * PAGE);
    int count = 0;
    try (DurableMap map = builder.openOrCreate(path)) {
      try {
        for (; count < 1000; count++) {
          map.put(key(count), new byte[900]);
        }
        throw new AssertionError("1000 keys fit");
      } catch (MapFullException full) {
        assertThat(full)
            .hasMessageContaining("grows to " + 20 * PAGE + " bytes at most")
            .hasNoCause();
      }
      assertThat(count).isGreaterThan(20);
      assertThat(Files.size(path)).isEqualTo(20 * PAGE);
      assertThat(map.size()).isEqualTo(count);
      assertThat(map.remove(key(0))).isTrue();
    }
    try (DurableMap map = DurableMap.builder().maxBytes(0).open(path)) {
      assertThat(map.size()).isEqualTo(count - 1);
      assertThatExceptionOfType(MapFullException.class)
          .isThrownBy(() -> map.put(key(1), new byte[20 * PAGE]));
    }
    assertThat(Files.size(path)).isEqualTo(20 * PAGE);
    assertThatIllegalArgumentException().isThrownBy(() -> DurableMap.builder().maxBytes(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> DurableMap.builder().initialBytes(PAGE));
  }

  private static long readWhile(DurableMap map, AtomicBoolean writing) {
    long rounds = 0;
    while (writing.get() || rounds == 0) {
      try (MapSnapshot snapshot = map.snapshot()) {
        long size = snapshot.size();
        for (int i = 0; i < size; i += 7) {
          byte[] value = snapshot.get(key(i));
          if (value == null || value.length != 100 + i % 50) {
            throw new IllegalStateException("key " + i + " of " + size);
          }
        }
        assertThat(map.get(key((int) size - 1))).isNotNull();
      }
      rounds++;
    }
    return rounds;
  }

  @Test
  void readersBesideAWriterThatGrows() throws Exception {
    AtomicBoolean writing = new AtomicBoolean(true);
    try (DurableMap map = DurableMap.openOrCreate(folder.resolve("map"), 3 * PAGE);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      map.put(key(0), new byte[100]);
      Callable<Long> reader = () -> readWhile(map, writing);
      Future<Long> one = threads.submit(reader);
      Future<Long> other = threads.submit(reader);
      try {
        for (int i = 1; i < 2000; i++) {
          map.put(key(i), new byte[100 + i % 50]);
        }
      } finally {
        writing.set(false);
      }
      assertThat(one.get()).isPositive();
      assertThat(other.get()).isPositive();
      assertThat(map.check()).isPositive();
    }
  }

  /** Bytes of the file after the last whole page are never used. */
  @Test
  void aFileThatIsNoMultipleOfAPage() throws Exception {
    Path path = folder.resolve("map");
    try (DurableMap map = DurableMap.openOrCreate(path, 3 * PAGE + 100)) {
      for (int i = 0; i < 50; i++) {
        map.put(key(i), new byte[500]);
      }
      assertThat(map.check()).isPositive();
    }
    try (DurableMap map = DurableMap.open(path)) {
      assertThat(map.size()).isEqualTo(50);
    }
  }
}
