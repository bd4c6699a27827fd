// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.campaign.work;

import io.pmem4j.durable.DurableCell;
import io.pmem4j.durable.DurableCorruptionException;
import io.pmem4j.durable.DurableFormatException;
import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.LogFullException;
import io.pmem4j.durable.LogReader;
import io.pmem4j.durable.MapCursor;
import io.pmem4j.durable.MapSnapshot;
import io.pmem4j.durable.MapTransaction;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.pmem.PersistentMemory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A lane on a durable structure: each operation writes a record and may remove old ones. */
abstract class StructureLane implements Lane {
  /** Of a record. */
  static final int MOST_BYTES = 900;

  /** Of a slot and a cell. */
  private static final int ROOM = 1000;

  final PersistentMemory memory;
  final Payload payload;

  private StructureLane(PersistentMemory memory, Payload payload) {
    this.memory = memory;
    this.payload = payload;
  }

  /** Opens the structure; a blank memory becomes an empty one. */
  abstract void open();

  /** Returns the records in the order of their operations. */
  abstract List<byte[]> records();

  /** Returns the least number of records after an operation. */
  long leastRecords(long last) {
    return Math.min(last, 1);
  }

  @Override
  public long recover(long promised) throws LostException {
    List<byte[]> records;
    try {
      open();
      records = records();
    } catch (DurableCorruptionException | DurableFormatException damage) {
      throw new LostException(damage.getClass().getSimpleName() + ": " + damage.getMessage());
    }
    long last = 0;
    for (byte[] record : records) {
      long n = Payload.operation(record);
      if (last != 0 && n != last + 1) {
        throw new LostException("the record of operation " + n + " follows that of " + last);
      }
      Payload.require(payload.of(n, MOST_BYTES), record, "operation " + n);
      last = n;
    }
    if (records.size() < leastRecords(last)) {
      throw new LostException(
          "%d records up to operation %d, expected %d"
              .formatted(records.size(), last, leastRecords(last)));
    }
    return last;
  }

  byte[] record(long operation) {
    return payload.of(operation, MOST_BYTES);
  }

  /** A log that is truncated when it is full. */
  static final class Log extends StructureLane {
    private static final int DROPPED = 20;
    private DurableLog log;

    @SuppressWarnings("NullAway.Init") // recover opens it before any operation
    Log(PersistentMemory memory, Payload payload) {
      super(memory, payload);
    }

    @Override
    void open() {
      log = DurableLog.open(memory);
    }

    @Override
    public void perform(long operation) {
      try {
        log.append(record(operation));
      } catch (LogFullException full) {
        LogReader reader = log.reader();
        for (int i = 0; i < DROPPED; i++) {
          reader.next();
        }
        log.truncatePrefix(reader.position());
        log.append(record(operation));
      }
    }

    @Override
    List<byte[]> records() {
      List<byte[]> records = new ArrayList<>();
      for (LogReader reader = log.reader(); reader.next(); ) {
        records.add(reader.payload());
      }
      return records;
    }

    @Override
    public void close() {
      log.close();
    }
  }

  /** A cell with the latest record. */
  static final class Cell extends StructureLane {
    private DurableCell cell;

    @SuppressWarnings("NullAway.Init") // recover opens it before any operation
    Cell(PersistentMemory memory, Payload payload) {
      super(memory, payload);
    }

    @Override
    void open() {
      cell = DurableCell.open(memory);
    }

    @Override
    public void perform(long operation) {
      cell.set(record(operation));
    }

    @Override
    List<byte[]> records() {
      return cell.get().map(List::of).orElse(List.of());
    }

    @Override
    public void close() {
      cell.close();
    }
  }

  /** Slots of which half are in use. */
  static final class Slots extends StructureLane {
    private static final int COUNT = 64;
    private static final int KEPT = COUNT / 2;
    private SlotStore store;

    @SuppressWarnings("NullAway.Init") // recover opens it before any operation
    Slots(PersistentMemory memory, Payload payload) {
      super(memory, payload);
    }

    @Override
    void open() {
      store = SlotStore.open(memory, ROOM, COUNT);
    }

    @Override
    public void perform(long operation) {
      store.write(record(operation));
      // In the order of the operations, so that a cut between two of them leaves no gap.
      store
          .slots()
          .filter(slot -> Payload.operation(store.read(slot)) <= operation - KEPT)
          .boxed()
          .sorted(Comparator.comparingLong(slot -> Payload.operation(store.read(slot))))
          .forEach(store::free);
    }

    @Override
    List<byte[]> records() {
      return store
          .slots()
          .mapToObj(store::read)
          .sorted(Comparator.comparingLong(Payload::operation))
          .toList();
    }

    @Override
    long leastRecords(long last) {
      return Math.min(last, KEPT);
    }

    @Override
    public void close() {
      store.close();
    }
  }

  /** A map of the latest records, each commit of which puts one and removes one. */
  static final class Tree extends StructureLane {
    private static final int KEPT = 200;
    private DurableMap map;

    @SuppressWarnings("NullAway.Init") // recover opens it before any operation
    Tree(PersistentMemory memory, Payload payload) {
      super(memory, payload);
    }

    @Override
    void open() {
      map = DurableMap.open(memory);
    }

    private static byte[] key(long operation) {
      return ByteBuffer.allocate(Long.BYTES).putLong(operation).array();
    }

    @Override
    public void perform(long operation) {
      try (MapTransaction change = map.begin()) {
        change.put(key(operation), record(operation));
        change.remove(key(operation - KEPT));
        change.commit();
      }
    }

    @Override
    List<byte[]> records() {
      map.check();
      List<byte[]> records = new ArrayList<>();
      try (MapSnapshot snapshot = map.snapshot()) {
        for (MapCursor cursor = snapshot.ascending(); cursor.next(); ) {
          records.add(cursor.value());
        }
      }
      return records;
    }

    @Override
    long leastRecords(long last) {
      return Math.min(last, KEPT);
    }

    @Override
    public void close() {
      map.close();
    }
  }
}
