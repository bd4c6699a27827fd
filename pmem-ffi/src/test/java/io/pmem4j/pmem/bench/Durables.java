// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.pmem.bench.Trial.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Durable structures on an ordinary file, beside as many bare stores and forces. */
final class Durables {
  static final String APPEND = "DurableLog.append";
  static final String STORE = "bare store and force";
  static final String SLOTS = "SlotStore, write and free";
  static final String STORES = "bare, two stores and forces";

  private static final long CAPACITY = 16 << 20;
  private static final int SLOTS_COUNT = 100_000;

  private Durables() {}

  static Map<String, Contender> logs(BenchFile place) throws IOException {
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put(STORE, new Stores(place.map(BenchFile.SHARED), 1));
    Path path = place.file.resolveSibling("log");
    all.put(APPEND, new Appends(DurableLog.openOrCreate(path, CAPACITY)));
    Files.delete(path); // the memory stays
    return all;
  }

  static Map<String, Contender> slots(BenchFile place) throws IOException {
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put(STORES, new Stores(place.map(BenchFile.SHARED), 2));
    Path path = place.file.resolveSibling("slots");
    all.put(SLOTS, new Slots(SlotStore.openOrCreate(path, 64, SLOTS_COUNT)));
    Files.delete(path);
    return all;
  }

  private record Stores(MemorySegment mapped, int each) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      byte[] record = new byte[(int) shape.length()];
      long base = shape.base(lane);
      for (int i = 0; i < calls * each; i++) {
        long at = base + i * 80L % (Shape.LANE - 128);
        MemorySegment.copy(record, 0, mapped, ValueLayout.JAVA_BYTE, at, record.length);
        mapped.asSlice(at, record.length).force();
      }
    }
  }

  private record Appends(DurableLog log) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      byte[] record = new byte[(int) shape.length()];
      if (log.durableEnd() - log.head() > CAPACITY / 2) {
        log.truncatePrefix(log.durableEnd());
      }
      for (int i = 0; i < calls; i++) {
        log.append(record);
      }
    }
  }

  private record Slots(SlotStore store) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      byte[] record = new byte[(int) shape.length()];
      for (int i = 0; i < calls; i++) {
        store.free(store.write(record));
      }
    }
  }
}
