// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** A structure with numbered records that is written until its process is killed. */
interface KilledStructure extends AutoCloseable {
  /** The structures, in the order of their counters. */
  List<String> NAMES = List.of("log", "cell", "slots", "map");

  /** Makes record {@code n} durable, and removes old ones. */
  void write(long n);

  /** Returns the records in the order of their numbers. */
  List<byte[]> records();

  @Override
  void close();

  /** Opens a structure in a file of its name. */
  static KilledStructure open(String name, Path folder) throws IOException {
    Path path = folder.resolve(name);
    return switch (name) {
      case "log" -> new Log(DurableLog.openOrCreate(path, 64 << 10));
      case "cell" -> new Cell(DurableCell.openOrCreate(path, 1000));
      case "slots" -> new Slots(SlotStore.openOrCreate(path, 1000, Slots.COUNT));
      case "map" -> new Tree(DurableMap.openOrCreate(path, 12 << 10));
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Returns the content of record {@code n}. */
  static byte[] record(long n) {
    byte[] record = DurableLogTest.bytes((int) n, 8 + (int) (n * 37 % 900));
    ByteBuffer.wrap(record).putLong(n);
    return record;
  }

  /** Returns the number of the last record; each follows the one before it and is whole. */
  default long last() {
    long last = 0;
    for (byte[] record : records()) {
      long n = ByteBuffer.wrap(record).getLong();
      if ((last != 0 && n != last + 1) || !Arrays.equals(record, record(n))) {
        throw new IllegalStateException(this + ": record " + n + " after " + last);
      }
      last = n;
    }
    return last;
  }

  /** A log that is truncated when it is full. */
  record Log(DurableLog log) implements KilledStructure {
    @Override
    public void write(long n) {
      byte[] record = record(n);
      try {
        log.append(record);
      } catch (LogFullException full) {
        LogReader reader = log.reader();
        for (int i = 0; i < 20; i++) {
          reader.next();
        }
        log.truncatePrefix(reader.position());
        log.append(record);
      }
    }

    @Override
    public List<byte[]> records() {
      return DurableLogTest.all(log);
    }

    @Override
    public void close() {
      log.close();
    }
  }

  /** A cell with the latest record. */
  record Cell(DurableCell cell) implements KilledStructure {
    @Override
    public void write(long n) {
      cell.set(record(n));
    }

    @Override
    public List<byte[]> records() {
      return cell.get().map(List::of).orElse(List.of());
    }

    @Override
    public void close() {
      cell.close();
    }
  }

  /** Slots of which half are in use. */
  record Slots(SlotStore store) implements KilledStructure {
    static final int COUNT = 64;

    @Override
    public void write(long n) {
      store.write(record(n));
      // After a kill before a free there are two; in their order a kill in between leaves no gap.
      store
          .slots()
          .filter(slot -> number(slot) <= n - COUNT / 2)
          .boxed()
          .sorted(Comparator.comparing(this::number))
          .forEach(store::free);
    }

    private long number(int slot) {
      return ByteBuffer.wrap(store.read(slot)).getLong();
    }

    @Override
    public List<byte[]> records() {
      return store
          .slots()
          .mapToObj(store::read)
          .sorted(Comparator.comparing(record -> ByteBuffer.wrap(record).getLong()))
          .toList();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** A map of the latest records, each commit of which puts one and removes one. */
  record Tree(DurableMap map) implements KilledStructure {
    private static final int KEPT = 200;

    private static byte[] key(long n) {
      return ByteBuffer.allocate(8).putLong(n).array();
    }

    @Override
    public void write(long n) {
      try (MapTransaction change = map.begin()) {
        change.put(key(n), record(n));
        change.remove(key(n - KEPT));
        change.commit();
      }
    }

    @Override
    public List<byte[]> records() {
      map.check();
      List<byte[]> records = new ArrayList<>();
      try (MapSnapshot snapshot = map.snapshot()) {
        MapCursor cursor = snapshot.ascending();
        while (cursor.next()) {
          records.add(cursor.value());
        }
      }
      if (!records.isEmpty()) {
        long newest = ByteBuffer.wrap(records.getLast()).getLong();
        if (records.size() != Math.min(newest, KEPT)) {
          throw new IllegalStateException(records.size() + " records up to " + newest);
        }
      }
      return records;
    }

    @Override
    public void close() {
      map.close();
    }
  }
}
