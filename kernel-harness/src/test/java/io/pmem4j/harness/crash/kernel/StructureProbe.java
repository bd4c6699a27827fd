// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.crash.kernel;

import io.pmem4j.durable.DurableCell;
import io.pmem4j.durable.DurableLog;
import io.pmem4j.durable.DurableMap;
import io.pmem4j.durable.SlotStore;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs in a guest whose stores are recorded: adds records to each durable structure on a devdax
 * device. The first page of the device says where it lies in the trace, and counts what was
 * acknowledged: its stores are marks, and never flushed.
 */
final class StructureProbe {
  /** Stored at the start of the device. */
  static final long BEACON = 0x70346a2d6265616fL;

  static final int RECORDS = 12;
  static final int BYTES = 256 << 10;
  static final int SLOTS = 16;
  static final int CELL_BYTES = 100;

  /** The structures, in the order of their places. */
  static final List<String> NAMES = List.of("log", "map", "slots", "cell");

  private StructureProbe() {}

  /** Returns the offset of a structure in the device. */
  static long offset(int structure) {
    return (structure + 1L) << 20;
  }

  /** Returns the offset of the count of a structure's acknowledged records. */
  static long count(int structure) {
    return 64L * (structure + 1);
  }

  /** Returns the content of a record. */
  static byte[] record(int n) {
    byte[] record = new byte[20 + n * 37 % 70];
    java.util.Arrays.fill(record, (byte) n);
    ByteBuffer.wrap(record).putInt(n);
    return record;
  }

  /** A structure that records are added to. */
  @FunctionalInterface
  interface Sink {
    void add(int n);
  }

  /** Opens a structure. */
  static Sink open(String name, PersistentMemory memory) {
    return switch (name) {
      case "log" -> {
        DurableLog log = DurableLog.open(memory);
        yield n -> log.append(record(n));
      }
      case "map" -> {
        DurableMap map = DurableMap.open(memory);
        yield n -> map.put(key(n), record(n));
      }
      case "slots" -> {
        SlotStore slots = SlotStore.open(memory, CELL_BYTES, SLOTS);
        yield n -> slots.write(record(n));
      }
      case "cell" -> {
        DurableCell cell = DurableCell.open(memory);
        yield n -> cell.set(record(n));
      }
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Returns the key of a record. */
  static byte[] key(int n) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(n).array();
  }

  /** Takes the path of the device. */
  public static void main(String[] arguments) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      PersistentMemory device = Pmem.map(Path.of(arguments[0]), MapSpec.existing(), arena);
      device.putLong(0, BEACON);
      for (int i = 0; i < NAMES.size(); i++) {
        Sink sink = open(NAMES.get(i), device.slice(offset(i), BYTES));
        for (int n = 1; n <= RECORDS; n++) {
          sink.add(n);
          device.putLong(count(i), n);
        }
      }
      System.out.println(device.granularity());
    }
  }
}
