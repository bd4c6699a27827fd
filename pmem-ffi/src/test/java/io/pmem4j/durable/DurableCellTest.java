// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.InMemory;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A value replaced as a whole: in order, after power failures, and damaged. */
@Timeout(120)
class DurableCellTest {
  private static final int WORDS = 2 * 4096 / 8;

  @TempDir(factory = InMemory.class)
  Path folder;

  private int states;

  private static boolean holds(DurableCell cell, byte[] value) {
    Optional<byte[]> found = cell.get();
    return value == null ? found.isEmpty() : found.isPresent() && Arrays.equals(found.get(), value);
  }

  @Test
  void keepsTheLastValue() throws Exception {
    Path path = folder.resolve("cell");
    try (DurableCell cell = DurableCell.openOrCreate(path, 5000)) {
      assertThat(cell.get()).isEmpty();
      assertThat(cell.maxBytes()).isEqualTo(8160);
      for (int i = 0; i < 5; i++) {
        cell.set(DurableLogTest.bytes(i, 1000 * i));
      }
      assertThatIllegalArgumentException().isThrownBy(() -> cell.set(new byte[8161]));
      cell.get().orElseThrow()[0]++; // a copy
      assertThat(cell.get()).contains(DurableLogTest.bytes(4, 4000));
      cell.close();
      assertThatIllegalStateException().isThrownBy(() -> cell.set(new byte[1]));
    }
    try (DurableCell cell = DurableCell.openOrCreate(path, 5000)) {
      assertThat(holds(cell, DurableLogTest.bytes(4, 4000))).isTrue();
      assertThat(cell.isDegraded()).isFalse();
    }
  }

  @Test
  void theValueBeforeOrAfter() {
    for (int seed = 0; seed < 30; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      TornMemory memory = new TornMemory(WORDS);
      byte[][] values = new byte[6][];
      int[] step = {0};
      memory.beforePersist =
          () ->
              states +=
                  memory.crash(
                      random,
                      content -> {
                        TornMemory after = new TornMemory(content);
                        DurableCell cell = DurableCell.open(after);
                        byte[] before = step[0] == 0 ? null : values[step[0] - 1];
                        assertThat(holds(cell, before) || holds(cell, values[step[0]])).isTrue();
                        Optional<byte[]> found = cell.get();
                        assertThat(
                                holds(
                                    DurableCell.open(new TornMemory(after.durable.clone())),
                                    found.orElse(null)))
                            .isTrue();
                        byte[] next = DurableLogTest.bytes(states, 10);
                        cell.set(next);
                        assertThat(
                                holds(
                                    DurableCell.open(new TornMemory(after.durable.clone())), next))
                            .isTrue();
                      });
      DurableCell cell = DurableCell.open(memory);
      for (int i = 1; i < values.length; i++) {
        step[0] = i;
        values[i] = DurableLogTest.bytes(100 * seed + i, random.nextInt(300));
        cell.set(values[i]);
      }
    }
    assertThat(states).isGreaterThan(5_000);
  }

  /** Every flipped bit is found: the older value then, and the cell says so. */
  @Test
  void aFlippedBitIsNeverServed() {
    TornMemory memory = new TornMemory(WORDS);
    DurableCell cell = DurableCell.open(memory);
    cell.set(DurableLogTest.bytes(1, 50));
    cell.set(DurableLogTest.bytes(2, 60));
    int degraded = 0;
    for (int word = 0; word < WORDS; word++) {
      for (int bit = 0; bit < 64; bit++) {
        long[] content = memory.durable.clone();
        content[word] ^= 1L << bit;
        DurableCell damaged = DurableCell.open(new TornMemory(content));
        if (damaged.isDegraded()) {
          degraded++;
          assertThat(
                  holds(damaged, DurableLogTest.bytes(1, 50))
                      || holds(damaged, DurableLogTest.bytes(2, 60)))
              .isTrue();
        } else {
          assertThat(holds(damaged, DurableLogTest.bytes(2, 60))).isTrue();
        }
      }
    }
    assertThat(degraded).isEqualTo((2 * CellCopy.HEADER_BYTES + 110) * 8);
    long[] both = memory.durable.clone();
    both[5] ^= 1;
    both[4096 / 8 + 5] ^= 1;
    assertThatExceptionOfType(DurableCorruptionException.class)
        .isThrownBy(() -> DurableCell.open(new TornMemory(both)));
  }

  @Test
  @Tag("slow")
  void foreignAndShortFilesAreRefusedUnchanged() throws Exception {
    Path path = folder.resolve("cell");
    try (DurableCell cell = DurableCell.openOrCreate(path, 4096)) {
      cell.set(DurableLogTest.bytes(1, 4000));
      cell.set(DurableLogTest.bytes(2, 4000));
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int length = 4 * 4096 - 1; length >= 0; length--) {
        file.setLength(length);
        int now = length;
        Class<? extends Exception> type =
            now == 0 ? FileSystemException.class : IllegalStateException.class;
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
          var spec = io.pmem4j.pmem.MapSpec.existing();
          assertThatExceptionOfType(Exception.class)
              .as("length %d", now)
              .isThrownBy(() -> DurableCell.open(io.pmem4j.pmem.Pmem.map(path, spec, arena)))
              .isInstanceOf(type);
        }
        assertThat(file.length()).isEqualTo(length);
      }
    }
    byte[] foreign = new byte[8192];
    foreign[5000] = 1;
    Files.write(path, foreign);
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> DurableCell.openOrCreate(path, 10))
        .withMessageContaining("5000");
    assertThat(Files.readAllBytes(path)).isEqualTo(foreign);
  }

  @Test
  void isReadByAnother() throws Exception {
    Path path = folder.resolve("cell");
    byte[] value = DurableLogTest.bytes(7, 123);
    try (DurableCell cell = DurableCell.openOrCreate(path, 1000)) {
      cell.set(new byte[10]);
      cell.set(value);
    }
    assertThat(LogFormatTest.python("read_cell.py", path))
        .containsExactly(HexFormat.of().formatHex(value));
    assertThat(new String(Files.readAllBytes(path), 0, 8, StandardCharsets.US_ASCII))
        .isEqualTo("p4jDCel1");
  }
}
