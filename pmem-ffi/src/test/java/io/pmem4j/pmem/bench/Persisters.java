// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem.bench;

import com.intel.pmem.llpl.MemoryPool;
import io.mashona.logwriting.PersistenceHandle;
import io.pmem4j.pmem.Backend;
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

/** Those who persist: the same walk over the same lines, the calls differ. */
final class Persisters {
  static final String C = "C loop";
  static final String RAW = "raw critical handle";
  static final String SEGMENT = "critical handle, shared segment";
  static final String GUARDED = "region, shared arena (guarded)";
  static final String CONFINED = "region, confined arena";
  static final String FOR_EVER = "region, global arena";
  static final String JNI = "JNI stub";
  static final String LLPL = "LLPL 1.2.0-release";
  static final String MASHONA = "mashona 1.1.0, as if MAP_SYNC";
  static final String JDK_SYNC = "MemorySegment.force, as if MAP_SYNC";
  static final String JDK = "MemorySegment.force (msync)";
  static final String PAGES = "region, libpmem backend (msync)";
  static final String JDK_REGION = "region, JDK backend (msync)";

  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBPMEM =
      SymbolLookup.libraryLookup("libpmem.so.1", Arena.global());
  private static final MethodHandle PERSIST =
      LINKER.downcallHandle(
          LIBPMEM.findOrThrow("pmem_persist"),
          FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
          Linker.Option.critical(false));
  private static final MethodHandle PERSIST_SEGMENT =
      LINKER.downcallHandle(
          LIBPMEM.findOrThrow("pmem_persist"),
          FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
          Linker.Option.critical(false));
  private static final MethodHandle C_LOOP =
      LINKER.downcallHandle(
          SymbolLookup.loaderLookup().findOrThrow("bench_persist"),
          FunctionDescriptor.ofVoid(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private Persisters() {}

  /** All that can run here, by name; peers whose libraries are missing are left out. */
  static Map<String, Contender> all(BenchFile place) throws Exception {
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put(C, new InC(place));
    all.put(RAW, new Raw(place));
    all.put(SEGMENT, new Segment(place, place.map(BenchFile.SHARED)));
    all.put(GUARDED, new Guarded(place, region(place, Backend.LIBPMEM, BenchFile.SHARED)));
    all.put(CONFINED, new Confined(place, region(place, Backend.LIBPMEM, BenchFile.CONFINED)));
    all.put(FOR_EVER, new ForEver(place, region(place, Backend.LIBPMEM, Arena.global())));
    all.put(JNI, new ByJni(place));
    try {
      all.put(LLPL, new Llpl(place, MemoryPool.openPool(place.file.toString())));
    } catch (LinkageError | RuntimeException missing) {
      System.err.println("bench: without LLPL (libpmemobj1, libpmempool1): " + missing);
    }
    int whole = (int) BenchFile.BYTES;
    all.put(MASHONA, new Mashona(place, new PersistenceHandle(place.mapAsIfSync(), 0, whole)));
    all.put(JDK_SYNC, new ForceSync(place, MemorySegment.ofBuffer(place.mapAsIfSync())));
    all.put(JDK, new Force(place, place.map(BenchFile.SHARED)));
    all.put(JDK_REGION, new JdkRegion(place, region(place, Backend.JDK, BenchFile.SHARED)));
    return all;
  }

  /** Those who call msync. */
  static Map<String, Contender> ofOrdinaryFiles(BenchFile place) throws Exception {
    Map<String, Contender> all = new LinkedHashMap<>();
    all.put(JDK, new Force(place, place.map(BenchFile.SHARED)));
    all.put(JDK_REGION, new JdkRegion(place, region(place, Backend.JDK, BenchFile.SHARED)));
    all.put(PAGES, new Guarded(place, region(place, Backend.LIBPMEM, BenchFile.SHARED)));
    return all;
  }

  private static PmemRegion region(BenchFile place, Backend backend, Arena arena) throws Exception {
    return Pmem.map(place.file, MapSpec.existing().backend(backend), arena);
  }

  private record InC(BenchFile place) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      try {
        C_LOOP.invokeExact(
            place.address + shape.base(lane),
            shape.window(),
            shape.length(),
            shape.step(),
            (long) calls,
            shape.dirty() ? 1 : 0);
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  private record Raw(BenchFile place) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      try {
        for (int i = 0; i < calls; i++) {
          if (dirty) {
            BenchFile.LONG.set(place.memory, base + offset, (long) i);
          }
          PERSIST.invokeExact(place.address + base + offset, length);
          offset = offset + step > last ? 0 : offset + step;
        }
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  private record Segment(BenchFile place, MemorySegment shared) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      try {
        for (int i = 0; i < calls; i++) {
          if (dirty) {
            BenchFile.LONG.set(place.memory, base + offset, (long) i);
          }
          PERSIST_SEGMENT.invokeExact(shared.asSlice(base + offset, length), length);
          offset = offset + step > last ? 0 : offset + step;
        }
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  private record Guarded(BenchFile place, PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        region.persist(base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record Confined(BenchFile place, PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        region.persist(base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }

    @Override
    public boolean isShared() {
      return false;
    }
  }

  private record ForEver(BenchFile place, PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        region.persist(base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record ByJni(BenchFile place) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        JniStub.persist(place.address + base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record Llpl(BenchFile place, MemoryPool pool) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        pool.flush(base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record Mashona(BenchFile place, PersistenceHandle handle) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        handle.persist((int) (base + offset), (int) length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record ForceSync(BenchFile place, MemorySegment mapped) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        mapped.asSlice(base + offset, length).force();
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record Force(BenchFile place, MemorySegment mapped) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        mapped.asSlice(base + offset, length).force();
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }

  private record JdkRegion(BenchFile place, PmemRegion region) implements Contender {
    @Override
    public void run(Shape shape, int lane, int calls) {
      long base = shape.base(lane);
      long length = shape.length();
      boolean dirty = shape.dirty();
      long last = shape.window() - length;
      long step = shape.step();
      long offset = 0;
      for (int i = 0; i < calls; i++) {
        if (dirty) {
          BenchFile.LONG.set(place.memory, base + offset, (long) i);
        }
        region.persist(base + offset, length);
        offset = offset + step > last ? 0 : offset + step;
      }
    }
  }
}
