// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import com.intel.pmem.llpl.MemoryPool;
import io.pmem4j.pmem.Backend;
import io.pmem4j.pmem.Caching;
import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.pmem.PmemRegion;
import io.pmem4j.pmem.bench.Trial.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.LinkedHashMap;
import java.util.Map;

/** Those who copy and make durable: from one source to the same places. */
final class Copiers {
  static final String C = "C, pmem_memcpy around the caches";
  static final String NATIVE = "region, write around the caches";
  static final String ARRAY = "the same, from a byte[]";
  static final String TEMPORAL = "region, write through the caches";
  static final String JDK = "MemorySegment.copy + force, as if MAP_SYNC";
  static final String LLPL = "LLPL copyFromByteArrayNT";

  /** As the header of libpmem defines it. */
  private static final int PMEM_F_MEM_NONTEMPORAL = 1 << 1;

  private static final int LONGEST = 1 << 20;
  private static final MethodHandle C_LOOP =
      Linker.nativeLinker()
          .downcallHandle(
              SymbolLookup.loaderLookup().findOrThrow("bench_copy"),
              FunctionDescriptor.ofVoid(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT));

  private Copiers() {}

  static Map<String, Contender> all(BenchFile place) throws Exception {
    MemorySegment source = Arena.global().allocate(LONGEST, 4096);
    byte[] array = new byte[LONGEST];
    MapSpec spec = MapSpec.existing().backend(Backend.LIBPMEM);
    PmemRegion region = Pmem.map(place.file, spec, BenchFile.SHARED);
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put(C, new InC(place, source));
    all.put(NATIVE, new Around(region, source));
    all.put(ARRAY, new AroundFromArray(region, array));
    all.put(TEMPORAL, new Through(region, source));
    all.put(JDK, new ByTheJdk(MemorySegment.ofBuffer(place.mapAsIfSync()), source));
    try {
      all.put(LLPL, new Llpl(MemoryPool.openPool(place.file.toString()), array));
    } catch (LinkageError | RuntimeException missing) {
      System.err.println("bench: without LLPL (libpmemobj1, libpmempool1): " + missing);
    }
    return all;
  }

  private static long next(Shape shape, long offset) {
    long next = offset + shape.length();
    return next + shape.length() > shape.window() ? 0 : next;
  }

  private record InC(BenchFile place, MemorySegment source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      try {
        C_LOOP.invokeExact(
            place.address + shape.base(lane),
            source,
            shape.window(),
            shape.length(),
            (long) calls,
            PMEM_F_MEM_NONTEMPORAL);
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  private record Around(PmemRegion region, MemorySegment source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        region.write(shape.base(lane) + offset, source, 0, shape.length(), Caching.NON_TEMPORAL);
        region.drain();
        offset = next(shape, offset);
      }
    }
  }

  private record AroundFromArray(PmemRegion region, byte[] source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        region.write(
            shape.base(lane) + offset, source, 0, (int) shape.length(), Caching.NON_TEMPORAL);
        region.drain();
        offset = next(shape, offset);
      }
    }
  }

  private record Through(PmemRegion region, MemorySegment source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        region.write(shape.base(lane) + offset, source, 0, shape.length(), Caching.TEMPORAL);
        region.drain();
        offset = next(shape, offset);
      }
    }
  }

  private record ByTheJdk(MemorySegment mapped, MemorySegment source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        long at = shape.base(lane) + offset;
        MemorySegment.copy(source, 0, mapped, at, shape.length());
        mapped.asSlice(at, shape.length()).force();
        offset = next(shape, offset);
      }
    }
  }

  private record Llpl(MemoryPool pool, byte[] source) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        pool.copyFromByteArrayNT(source, 0, shape.base(lane) + offset, (int) shape.length());
        offset = next(shape, offset);
      }
    }
  }
}
