// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static io.pmem4j.durable.DurableMapTest.assertEqual;
import static io.pmem4j.durable.DurableMapTest.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pmem4j.pmem.InMemory;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.lang.foreign.Arena;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of maps: kept, read by another reader, refused unchanged. */
@Timeout(120)
class MapFormatTest {
  private static final int PAGE = MapPage.SIZE;

  @TempDir(factory = InMemory.class)
  Path folder;

  @Test
  void isKeptInAFile() throws Exception {
    Path path = folder.resolve("map");
    TreeMap<byte[], byte[]> expected = DurableMapTest.model();
    for (int run = 0; run < 3; run++) {
      try (DurableMap map =
          run == 0 ? DurableMap.openOrCreate(path, 256 * PAGE) : DurableMap.open(path)) {
        for (int i = 0; i < 300; i++) {
          map.put(key(run * 200 + i), key(i + run));
          expected.put(key(run * 200 + i), key(i + run));
        }
        try (MapSnapshot snapshot = map.snapshot()) {
          assertEqual(snapshot, expected, null, null);
        }
      }
    }
  }

  @Test
  void aReadOnlyMapCanBeRead() throws Exception {
    Path path = folder.resolve("map");
    try (DurableMap map = DurableMap.openOrCreate(path, 32 * PAGE)) {
      map.put(key(1), key(2));
      map.put(key(2), key(3));
    }
    byte[] before = Files.readAllBytes(path);
    try (Arena arena = Arena.ofShared()) {
      DurableMap map = DurableMap.open(Pmem.map(path, MapSpec.existing().readOnly(), arena));
      assertThat(map.get(key(1))).isEqualTo(key(2));
      assertThatIllegalArgumentException().isThrownBy(() -> map.put(key(1), key(1)));
      assertThat(map.get(key(1))).isEqualTo(key(2));
      map.close();
    }
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  @Test
  @Tag("slow")
  void foreignAndShortFilesAreRefusedUnchanged() throws Exception {
    Path path = folder.resolve("map");
    int bytes = 24 * PAGE;
    try (DurableMap map = DurableMap.openOrCreate(path, bytes)) {
      for (int i = 0; i < 30; i++) {
        map.put(key(i), new byte[900]);
      }
      for (int i = 0; i < 25; i++) {
        map.remove(key(i));
      }
    }
    byte[] whole = Files.readAllBytes(path);
    Path cut = folder.resolve("cut");
    for (int length = bytes - 1; length >= 0; length -= length % PAGE == 0 ? 1 : 137) {
      byte[] part = Arrays.copyOf(whole, length);
      Files.write(cut, part);
      assertThatExceptionOfType(FileSystemException.class)
          .isThrownBy(() -> DurableMap.openOrCreate(cut, bytes));
      assertOpensOrIsRefused(cut, length);
      assertThat(Files.readAllBytes(cut)).isEqualTo(part);
    }
    byte[] foreign = new byte[bytes];
    foreign[8200] = 1;
    Files.write(path, foreign);
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> DurableMap.openOrCreate(path, bytes))
        .withMessageContaining("8200");
    assertThat(Files.readAllBytes(path)).isEqualTo(foreign);
    Files.write(path, new byte[bytes]);
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> DurableMap.open(path))
        .withMessageContaining("zeros");
  }

  /** Opens if the pages that were ever used are all there, and else is refused. */
  private static void assertOpensOrIsRefused(Path cut, int length) throws Exception {
    try (DurableMap map = DurableMap.open(cut)) {
      assertThat(map.size()).as("length %d", length).isEqualTo(5);
      assertThat(map.check()).isPositive();
    } catch (DurableFormatException | FileSystemException refused) {
      assertThat(length).isLessThan(24 * PAGE);
    }
  }

  @Test
  void aNewerVersionIsRefused() throws Exception {
    ArrayMemory memory = DurableMapTest.memory(4);
    DurableMap.open(memory);
    for (int copy = 0; copy < 2; copy++) {
      byte[] header = new byte[MapHeader.BYTES];
      memory.read((long) copy * PAGE, header);
      header[8] = 2;
      java.util.zip.CRC32C sum = new java.util.zip.CRC32C();
      sum.update(header, 0, 12);
      sum.update(header, 16, 16);
      memory.copy((long) copy * PAGE, header, 0, header.length);
      memory.putInt(copy * PAGE + 12, (int) sum.getValue());
    }
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> DurableMap.open(memory))
        .withMessageContaining("version 2");
  }

  @Test
  void isReadByAnother() throws Exception {
    Path path = folder.resolve("map");
    StringBuilder expected = new StringBuilder();
    try (DurableMap map = DurableMap.openOrCreate(path, 400 * PAGE)) {
      for (int i = 0; i < 500; i++) {
        map.put(key(i * 7 % 500), DurableLogTest.bytes(i, i % 90 == 0 ? 20_000 : i % 120));
      }
      for (int i = 0; i < 500; i += 3) {
        map.remove(key(i));
      }
      try (MapSnapshot snapshot = map.snapshot()) {
        MapCursor cursor = snapshot.ascending();
        while (cursor.next()) {
          expected.append(
              "%s %s%n"
                  .formatted(
                      HexFormat.of().formatHex(cursor.key()),
                      HexFormat.of().formatHex(cursor.value())));
        }
      }
    }
    assertThat(LogFormatTest.python("read_map.py", path))
        .containsExactlyElementsOf(expected.toString().lines().toList());
  }

  /** No page has such a length unless a checksum agrees by chance; memory is not asked for it. */
  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 16 * 4096})
  void aLengthThatTheFileCannotHoldIsDamage(int length) {
    byte[] payload = new byte[MapPage.LARGE_BYTES];
    MapPage.setInt(payload, MapPage.POINTER_BYTES, length);
    MapPages pages = new MapPages(DurableMapTest.memory(8), 1);
    assertThatExceptionOfType(DurableCorruptionException.class)
        .isThrownBy(() -> LargeValue.read(pages, payload))
        .withMessageContaining(length + " in a map of 8 pages");
  }
}
