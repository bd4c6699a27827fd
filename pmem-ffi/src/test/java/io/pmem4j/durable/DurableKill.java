// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Writes numbered records to a structure until it is killed, and removes old ones. Arguments: log,
 * cell, slots or map, and the file. Prints {@code acknowledged N} after record N is durable.
 */
final class DurableKill {
  private static final int CAPACITY = 64 << 10;
  private static final int RECORD_BYTES = 1000;
  private static final int SLOTS = 64;
  private static final int MAPPED = 200;
  private static final long MAP_BYTES = 2 << 20;

  private DurableKill() {}

  public static void main(String[] arguments) throws Exception {
    Path path = Path.of(arguments[1]);
    for (long n = verify(arguments[0], path) + 1; ; ) {
      switch (arguments[0]) {
        case "log" -> {
          try (DurableLog log = DurableLog.openOrCreate(path, CAPACITY)) {
            while (true) {
              append(log, record(n));
              acknowledge(n++);
            }
          }
        }
        case "cell" -> {
          try (DurableCell cell = DurableCell.openOrCreate(path, RECORD_BYTES)) {
            while (true) {
              cell.set(record(n));
              acknowledge(n++);
            }
          }
        }
        case "map" -> {
          try (DurableMap map = DurableMap.openOrCreate(path, MAP_BYTES)) {
            while (true) {
              try (MapTransaction change = map.begin()) {
                change.put(key(n), record(n));
                change.remove(key(n - MAPPED));
                change.commit();
              }
              acknowledge(n++);
            }
          }
        }
        default -> {
          try (SlotStore store = SlotStore.openOrCreate(path, RECORD_BYTES, SLOTS)) {
            while (true) {
              store.write(record(n));
              acknowledge(n++);
              long old = n - SLOTS / 2;
              store
                  .slots()
                  .filter(slot -> ByteBuffer.wrap(store.read(slot)).getLong() < old)
                  .forEach(store::free);
            }
          }
        }
      }
    }
  }

  private static void acknowledge(long n) {
    System.out.println("acknowledged " + n);
  }

  private static void append(DurableLog log, byte[] record) {
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

  private static byte[] key(long n) {
    return ByteBuffer.allocate(8).putLong(n).array();
  }

  static byte[] record(long n) {
    byte[] record = DurableLogTest.bytes((int) n, 8 + (int) (n * 37 % 900));
    ByteBuffer.wrap(record).putLong(n);
    return record;
  }

  /** Returns the number of the last record; each follows the one before it and is whole. */
  static long verify(String structure, Path path) throws Exception {
    List<byte[]> records;
    switch (structure) {
      case "log" -> {
        try (DurableLog log = DurableLog.openOrCreate(path, CAPACITY)) {
          records = DurableLogTest.all(log);
        }
      }
      case "cell" -> {
        try (DurableCell cell = DurableCell.openOrCreate(path, RECORD_BYTES)) {
          records = cell.get().map(List::of).orElse(List.of());
        }
      }
      case "map" -> {
        try (DurableMap map = DurableMap.openOrCreate(path, MAP_BYTES);
            MapSnapshot snapshot = map.snapshot()) {
          map.check();
          records = new ArrayList<>();
          MapCursor cursor = snapshot.ascending();
          while (cursor.next()) {
            records.add(cursor.value());
          }
          if (!records.isEmpty()) {
            long newest = ByteBuffer.wrap(records.getLast()).getLong();
            if (records.size() != Math.min(newest, MAPPED)) {
              throw new IllegalStateException(records.size() + " records up to " + newest);
            }
          }
        }
      }
      default -> {
        try (SlotStore store = SlotStore.openOrCreate(path, RECORD_BYTES, SLOTS)) {
          records =
              store
                  .slots()
                  .mapToObj(store::read)
                  .sorted(Comparator.comparing(record -> ByteBuffer.wrap(record).getLong()))
                  .toList();
        }
      }
    }
    long last = 0;
    for (byte[] record : records) {
      long n = ByteBuffer.wrap(record).getLong();
      if ((last != 0 && n != last + 1) || !Arrays.equals(record, record(n))) {
        throw new IllegalStateException("record " + n + " after " + last);
      }
      last = n;
    }
    return last;
  }
}
