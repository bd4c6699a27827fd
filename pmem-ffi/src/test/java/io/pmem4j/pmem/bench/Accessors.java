// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import io.pmem4j.pmem.bench.Trial.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/** Loads and stores of eight bytes: what it costs that a region's are checked. */
final class Accessors {
  private static volatile long sink;

  private Accessors() {}

  static Map<String, Contender> all(BenchFile place) throws Exception {
    PmemRegion region =
        Pmem.map(place.file, MapSpec.existing().backend(Backend.LIBPMEM), BenchFile.SHARED);
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put("load by VarHandle, unchecked", new Load(place));
    all.put("region, checked load", new CheckedLoad(region));
    all.put("store by VarHandle, unchecked", new Store(place));
    all.put("region, checked store", new CheckedStore(region));
    return all;
  }

  private record Load(BenchFile place) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long sum = 0;
      for (int i = 0; i < calls; i++) {
        sum += (long) BenchFile.LONG.get(place.memory, i * 64L & 0xffff);
      }
      sink = sum;
    }
  }

  private record CheckedLoad(PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long sum = 0;
      for (int i = 0; i < calls; i++) {
        sum += region.getLong(i * 64L & 0xffff);
      }
      sink = sum;
    }
  }

  private record Store(BenchFile place) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      for (int i = 0; i < calls; i++) {
        BenchFile.LONG.set(place.memory, i * 64L & 0xffff, (long) i);
      }
    }
  }

  private record CheckedStore(PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      for (int i = 0; i < calls; i++) {
        region.putLong(i * 64L & 0xffff, i);
      }
    }
  }
}
