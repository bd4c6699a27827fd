// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemFile;
import io.pmem4j.pmem.PmemRegion;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A structure of the table of bad inputs, with a way to fill it, to read it and to change it. */
enum Subject {
  PMEM_FILE("PmemFile", 12 << 10, -1, 0) {
    @Override
    Opened open(Path path) throws IOException {
      PmemFile file = PmemFile.open(path, MapSpec.openOrCreate(bytes).exclusive());
      Arena arena = Arena.ofShared();
      try {
        PmemRegion region = file.region(0, bytes, arena);
        return new Opened(
            () -> words(region),
            value -> add(region, value),
            () -> {
              arena.close();
              file.close();
            });
      } catch (IOException | RuntimeException refused) {
        arena.close();
        file.close();
        throw refused;
      }
    }

    @Override
    Opened open(PersistentMemory memory) {
      return new Opened(() -> words(memory), value -> add(memory, value), () -> {});
    }

    private static void add(PersistentMemory memory, int value) {
      int count = words(memory).size();
      memory.putLong(8L * count + 8, value);
      memory.persist(8L * count + 8, Long.BYTES);
      memory.publishLong(0, count + 1);
    }

    private static List<Integer> words(PersistentMemory memory) {
      List<Integer> all = new ArrayList<>();
      for (long i = 1; i <= memory.getLong(0); i++) {
        all.add((int) memory.getLong(8 * i));
      }
      return all;
    }
  },
  LOG("DurableLog", 12 << 10, 0, 64) {
    @Override
    Opened open(Path path) throws IOException {
      return opened(DurableLog.openOrCreate(path, bytes - LogHeader.RING));
    }

    @Override
    Opened open(PersistentMemory memory) {
      return opened(DurableLog.open(memory));
    }

    private static Opened opened(DurableLog log) {
      return new Opened(
          () -> {
            List<Integer> all = new ArrayList<>();
            LogReader reader = log.reader();
            while (reader.next()) {
              all.add((int) reader.payload()[0]);
            }
            return all;
          },
          value -> log.append(content(value)),
          log);
    }
  },
  MAP("DurableMap", 32 << 10, 0, 32) {
    @Override
    Opened open(Path path) throws IOException {
      return opened(DurableMap.openOrCreate(path, bytes));
    }

    @Override
    Opened open(PersistentMemory memory) {
      return opened(DurableMap.open(memory));
    }

    private static Opened opened(DurableMap map) {
      return new Opened(
          () -> {
            List<Integer> all = new ArrayList<>();
            for (int i = 1; i <= map.size(); i++) {
              byte[] value = map.get(new byte[] {(byte) i});
              if (value != null) {
                all.add((int) value[0]);
              }
            }
            return all;
          },
          value -> map.put(new byte[] {(byte) value}, content(value)),
          map);
    }
  },
  STORE("SlotStore", 12 << 10, 0, 32) {
    private static final int SLOTS = 32;

    @Override
    Opened open(Path path) throws IOException {
      return opened(SlotStore.openOrCreate(path, 112, SLOTS));
    }

    @Override
    Opened open(PersistentMemory memory) {
      return opened(SlotStore.open(memory, 112, SLOTS));
    }

    private static Opened opened(SlotStore store) {
      return new Opened(
          () -> store.slots().mapToObj(slot -> (int) store.read(slot)[0]).sorted().toList(),
          value -> store.write(content(value)),
          store);
    }
  },
  CELL("DurableCell", 8 << 10, 0, 32) {
    @Override
    Opened open(Path path) throws IOException {
      return opened(DurableCell.openOrCreate(path, bytes / 2 - CellCopy.HEADER_BYTES));
    }

    @Override
    Opened open(PersistentMemory memory) {
      return opened(DurableCell.open(memory));
    }

    private static Opened opened(DurableCell cell) {
      return new Opened(
          () -> {
            List<Integer> all = new ArrayList<>();
            for (byte each : cell.get().orElse(new byte[0])) {
              all.add((int) each);
            }
            return all;
          },
          value -> {
            byte[] longer = java.util.Arrays.copyOf(cell.get().orElse(new byte[0]), value);
            longer[value - 1] = (byte) value;
            cell.set(longer);
          },
          cell);
    }
  };

  /** The number of records of a filled structure. */
  static final int RECORDS = 5;

  /** Its name in the table. */
  final String title;

  /** The length of its file. */
  final int bytes;

  /** The place of the version in each copy of the header less 8; -1 if it has no format. */
  final int headerAt;

  /** The bytes that the checksum of a header's copy covers. */
  final int headerBytes;

  Subject(String title, int bytes, int headerAt, int headerBytes) {
    this.title = title;
    this.bytes = bytes;
    this.headerAt = headerAt;
    this.headerBytes = headerBytes;
  }

  /** Opens the structure in a file, or makes one, as a user does. */
  abstract Opened open(Path path) throws IOException;

  /** Opens the structure in a memory. */
  abstract Opened open(PersistentMemory memory);

  /** Makes the structure with records 1 to {@link #RECORDS}. */
  void fill(Path path) throws Exception {
    try (Opened opened = open(path)) {
      for (int i = 1; i <= RECORDS; i++) {
        opened.add(i);
      }
    }
  }

  private static byte[] content(int value) {
    byte[] content = new byte[40];
    java.util.Arrays.fill(content, (byte) value);
    return content;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** Returns the records of an open structure. */
  @FunctionalInterface
  interface Records {
    /** Returns the first byte of each record, in ascending order. */
    List<Integer> all();
  }

  /** Adds a record to an open structure. */
  @FunctionalInterface
  interface Addition {
    /** Adds a record that begins with the value, durably. */
    void add(int value);
  }

  /** An open structure. */
  static final class Opened implements AutoCloseable {
    private final Records records;
    private final Addition addition;
    private final @Nullable AutoCloseable whole;

    Opened(Records records, Addition addition, AutoCloseable whole) {
      this.records = records;
      this.addition = addition;
      this.whole = whole;
    }

    List<Integer> records() {
      return records.all();
    }

    void add(int value) {
      addition.add(value);
    }

    @Override
    public void close() throws Exception {
      whole.close();
    }
  }
}
