// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.contract.ArrayMemory;
import java.util.TreeMap;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Histories of threads are those of some order of their calls: the volatile part of a map.
 * Lincheck's model checking knows no VarHandle over a byte array and refuses the map; its stress
 * runs.
 */
@Tag("slow")
public class MapLincheckTest {
  private final DurableMap map =
      DurableMap.open(new ArrayMemory(Granularity.CACHE_LINE, 64 * MapPage.SIZE, 0));

  @Operation
  public int get(@Param(gen = IntGen.class, conf = "0:3") int key) {
    byte[] found = map.get(new byte[] {(byte) key});
    return found == null ? -1 : found[0];
  }

  @Operation
  public void put(
      @Param(gen = IntGen.class, conf = "0:3") int key,
      @Param(gen = IntGen.class, conf = "0:9") int value) {
    map.put(new byte[] {(byte) key}, new byte[] {(byte) value});
  }

  @Operation
  public boolean remove(@Param(gen = IntGen.class, conf = "0:3") int key) {
    return map.remove(new byte[] {(byte) key});
  }

  @Operation
  public int sum() {
    try (MapSnapshot snapshot = map.snapshot()) {
      int sum = 0;
      MapCursor cursor = snapshot.ascending();
      while (cursor.next()) {
        sum = 31 * sum + 10 * cursor.key()[0] + cursor.value()[0];
      }
      return sum;
    }
  }

  /** The same calls of one thread. */
  public static final class Sequential {
    private final TreeMap<Integer, Integer> map = new TreeMap<>();

    public int get(int key) {
      return map.getOrDefault(key, -1);
    }

    public void put(int key, int value) {
      map.put(key, value);
    }

    public boolean remove(int key) {
      return map.remove(key) != null;
    }

    public int sum() {
      int[] sum = new int[1];
      map.forEach((key, value) -> sum[0] = 31 * sum[0] + 10 * key + value);
      return sum[0];
    }
  }

  @Test
  void stress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(3)
        .iterations(10)
        .invocationsPerIteration(1000)
        .sequentialSpecification(Sequential.class)
        .check(MapLincheckTest.class);
  }
}
