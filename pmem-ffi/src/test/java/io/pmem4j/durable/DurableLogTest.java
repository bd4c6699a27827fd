// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.pmem4j.pmem.FileLockedException;
import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemMediaException;
import io.pmem4j.pmem.PmemRegion;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The log in order: what it keeps, what it refuses, and what an append costs. */
@Timeout(120)
class DurableLogTest {
  @TempDir Path folder;

  static final int RING = 4096;

  /** Counts persists, flushes and drains. */
  private static final class Counted extends ArrayMemory {
    private int persists;
    private int flushes;

    Counted(int ring) {
      super(Granularity.CACHE_LINE, LogHeader.RING + ring, 0);
    }

    @Override
    public void persist(long offset, long length) {
      persists++;
    }

    @Override
    public void flush(long offset, long length) {
      flushes++;
    }
  }

  static byte[] bytes(int seed, int length) {
    byte[] bytes = new byte[length];
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) random.nextInt();
    }
    return bytes;
  }

  static List<byte[]> all(DurableLog log) {
    List<byte[]> all = new ArrayList<>();
    LogReader reader = log.reader();
    while (reader.next()) {
      all.add(reader.payload());
    }
    return all;
  }

  @Test
  void keepsRecordsInAFile() throws Exception {
    Path path = folder.resolve("log");
    long second;
    try (DurableLog log = DurableLog.openOrCreate(path, RING)) {
      assertThat(log.recovered()).isEqualTo(new LogRecovery(0, 0, 0, false));
      assertThat(log.append(bytes(1, 100))).isZero();
      second = log.append(MemorySegment.ofArray(bytes(2, 60)), 10, 48);
      log.append(new byte[0]);
      assertThat(second).isEqualTo(128);
      assertThat(log.durableEnd()).isEqualTo(208);
      assertThatExceptionOfType(FileLockedException.class).isThrownBy(() -> DurableLog.open(path));
    }
    try (DurableLog log = DurableLog.open(path)) {
      assertThat(log.recovered()).isEqualTo(new LogRecovery(3, 0, 208, false));
      assertThat(log.capacity()).isEqualTo(RING);
      assertThat(all(log))
          .containsExactly(
              bytes(1, 100), java.util.Arrays.copyOfRange(bytes(2, 60), 10, 58), new byte[0]);
      LogReader from = log.reader(second);
      assertThatIllegalStateException().isThrownBy(from::payload);
      assertThat(from.next()).isTrue();
      assertThat(from.position()).isEqualTo(second);
      assertThatIllegalArgumentException().isThrownBy(() -> log.reader(8).next());
      assertThatExceptionOfType(DurableCorruptionException.class)
          .isThrownBy(() -> log.reader(16).next());
    }
  }

  @Test
  void anAppendIsOnePersist() {
    Counted memory = new Counted(RING);
    DurableLog log = DurableLog.open(memory);
    memory.persists = 0;
    log.append(bytes(1, 48));
    log.append(bytes(2, 1000));
    assertThat(memory.persists).isEqualTo(2);
    for (int i = 0; i < 20; i++) {
      log.add(bytes(i, 64));
    }
    assertThat(memory.persists).isEqualTo(2);
    log.sync();
    log.sync();
    assertThat(memory.persists).isEqualTo(3);
    assertThat(memory.flushes).isZero();
  }

  @Test
  void whatIsNotSyncedIsNotRead() {
    DurableLog log = DurableLog.open(new Counted(RING));
    log.append(bytes(1, 10));
    long added = log.add(bytes(2, 10));
    LogReader durable = log.reader();
    assertThat(durable.next()).isTrue();
    assertThat(durable.next()).isFalse();
    LogReader unsynced = log.unsyncedReader(added);
    assertThat(unsynced.next()).isTrue();
    assertThat(unsynced.payload()).isEqualTo(bytes(2, 10));
    log.sync();
    assertThat(durable.next()).isTrue();
    assertThat(durable.payload()).isEqualTo(bytes(2, 10));
  }

  /** Random operations beside a queue in memory, over many laps and restarts. */
  @Test
  void equalsAQueue() {
    Counted memory = new Counted(2 * RING);
    DurableLog log = DurableLog.open(memory);
    Deque<byte[]> expected = new ArrayDeque<>();
    Deque<Long> positions = new ArrayDeque<>();
    SplittableRandom random = new SplittableRandom(1);
    int full = 0;
    for (int step = 0; step < 20_000; step++) {
      byte[] record =
          bytes(step, random.nextInt(10) == 0 ? random.nextInt(5000) : random.nextInt(90));
      switch (random.nextInt(8)) {
        case 0, 1, 2, 3, 4 -> {
          try {
            positions.add(random.nextBoolean() ? log.add(record) : log.append(record));
            expected.add(record);
          } catch (LogFullException refused) {
            full++;
          }
        }
        case 5 -> {
          log.sync();
          int kept = random.nextInt(1 + positions.size());
          while (positions.size() > kept) {
            positions.remove();
            expected.remove();
          }
          log.truncatePrefix(positions.isEmpty() ? log.durableEnd() : positions.peek());
        }
        case 6 -> {
          if (random.nextInt(10) == 0) {
            log.close();
            log = DurableLog.open(memory);
            assertThat(log.recovered().records()).isEqualTo(expected.size());
          }
        }
        default -> log.sync();
      }
      if (step % 50 == 0) {
        log.sync();
        assertThat(all(log)).containsExactlyElementsOf(expected);
      }
    }
    assertThat(full).isPositive();
    assertThat(log.durableEnd()).isGreaterThan(50L * RING);
  }

  @Test
  void aFullLogIsUnchanged() {
    DurableLog log = DurableLog.open(new Counted(RING));
    log.append(bytes(1, 4000));
    assertThatExceptionOfType(LogFullException.class).isThrownBy(() -> log.append(bytes(2, 200)));
    assertThatExceptionOfType(LogFullException.class).isThrownBy(() -> log.append(bytes(2, 4096)));
    log.append(bytes(3, 64));
    assertThat(all(log)).containsExactly(bytes(1, 4000), bytes(3, 64));
    assertThatIllegalArgumentException().isThrownBy(() -> log.truncatePrefix(16));
    assertThatIllegalArgumentException().isThrownBy(() -> log.truncatePrefix(1 << 20));
    log.truncatePrefix(4016);
    log.append(bytes(2, 200));
    assertThat(all(log)).containsExactly(bytes(3, 64), bytes(2, 200));
  }

  @Test
  void producersShareTheLog() throws Exception {
    DurableLog log = DurableLog.openOrCreate(folder.resolve("log"), 1 << 20);
    Thread[] producers = new Thread[4];
    for (int p = 0; p < producers.length; p++) {
      byte id = (byte) p;
      producers[p] =
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 500; n++) {
                  long at = log.append(new byte[] {id, (byte) (n >> 8), (byte) n});
                  assertThat(log.durableEnd()).isGreaterThan(at);
                }
              });
    }
    for (Thread producer : producers) {
      producer.join();
    }
    int[] next = new int[producers.length];
    for (byte[] record : all(log)) {
      assertThat((record[1] & 0xff) << 8 | record[2] & 0xff).isEqualTo(next[record[0]]++);
    }
    assertThat(next).containsOnly(500);
    log.close();
    assertThatIllegalStateException().isThrownBy(() -> log.append(new byte[1]));
    assertThatIllegalStateException().isThrownBy(() -> log.reader().next());
    log.close();
  }

  private static void refused(Path path, byte[] content, Class<? extends Exception> type)
      throws IOException {
    Files.write(path, content);
    assertThatExceptionOfType(type).isThrownBy(() -> DurableLog.open(path).close());
    assertThat(Files.readAllBytes(path)).isEqualTo(content);
  }

  @Test
  void foreignAndNewerFormatsAreRefusedUnchanged() throws Exception {
    Path path = folder.resolve("log");
    byte[] foreign = new byte[LogHeader.RING + RING];
    refused(path, foreign, DurableFormatException.class);
    foreign[9000] = 1;
    refused(path, foreign, DurableFormatException.class);
    assertThatExceptionOfType(DurableFormatException.class)
        .isThrownBy(() -> DurableLog.openOrCreate(path, RING))
        .withMessageContaining("9000");
    refused(path, new byte[100], DurableFormatException.class);
    refused(path, new byte[0], FileSystemException.class);
    Files.delete(path);
    DurableLog.openOrCreate(path, RING).close();
    byte[] newer = Files.readAllBytes(path);
    for (int copy : new int[] {0, TwinHeader.COPY_BYTES}) {
      newer[copy + 8] = 2;
      java.util.zip.CRC32C sum = new java.util.zip.CRC32C();
      sum.update(newer, copy, 12);
      sum.update(newer, copy + 16, LogHeader.BYTES - 16);
      for (int i = 0; i < 4; i++) {
        newer[copy + 12 + i] = (byte) (sum.getValue() >> (8 * i));
      }
    }
    refused(path, newer, DurableFormatException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> DurableLog.openOrCreate(path, 100));
  }

  /** A file cut short anywhere is refused, and not changed. */
  @Test
  @Tag("slow")
  void aFileCutShortAtEveryLength() throws Exception {
    Path path = folder.resolve("log");
    int size = LogHeader.RING + RING;
    try (DurableLog log = DurableLog.openOrCreate(path, RING)) {
      for (int i = 0; i < 30; i++) {
        log.append(bytes(i, 100));
      }
    }
    byte[] whole = Files.readAllBytes(path);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int length = size - 1; length >= 0; length--) {
        file.setLength(length);
        Class<? extends Exception> type =
            length == 0 ? FileSystemException.class : DurableFormatException.class;
        assertThatExceptionOfType(type)
            .as("length %d", length)
            .isThrownBy(() -> DurableLog.open(path).close());
        assertThat(file.length()).isEqualTo(length);
      }
    }
    assertThatExceptionOfType(FileSystemException.class)
        .isThrownBy(() -> DurableLog.openOrCreate(path, RING));
    Files.write(path, whole);
    try (DurableLog log = DurableLog.open(path)) {
      assertThat(all(log)).hasSize(30);
    }
  }

  @Test
  void memoryThatIsReadOnlyOrGone() throws Exception {
    Path path = folder.resolve("log");
    DurableLog.openOrCreate(path, RING).close();
    try (Arena arena = Arena.ofConfined()) {
      PmemRegion reader = Pmem.map(path, MapSpec.existing().readOnly(), arena);
      assertThatIllegalArgumentException().isThrownBy(() -> DurableLog.open(reader));
    }
    try (DurableLog log = DurableLog.open(path);
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(LogHeader.RING);
      assertThatExceptionOfType(PmemMediaException.class).isThrownBy(() -> log.append(bytes(1, 8)));
    }
  }
}
