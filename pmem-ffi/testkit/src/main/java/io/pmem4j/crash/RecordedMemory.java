// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.sched.Scheduler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decorator that records each store, flush, drain and load with its line of code and its thread.
 * Slices record into the same trace.
 *
 * <p>Loads through {@link #segment} are not recorded, nor are stores through other mappings of the
 * same memory. The program may mark its operations: {@link #begin} before the first store of one,
 * {@link #acknowledge} once it is promised to be durable.
 *
 * <p>Thread-safe. A publish is recorded as a store and a later flush and drain, because other
 * threads may see the value in between.
 */
public final class RecordedMemory extends ObservedMemory {
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Recorder recorder;

  private RecordedMemory(PersistentMemory memory, long base, Recorder recorder) {
    super(memory, base, recorder);
    this.recorder = recorder;
  }

  /** Returns a decorator that records from now on; the present content is the initial one. */
  public static RecordedMemory over(PersistentMemory memory) {
    return new RecordedMemory(
        memory, 0, new Recorder(contentOf(memory), memory.byteSize(), null, Set.of()));
  }

  /**
   * Returns a decorator whose sites name the operation that has begun, and no line of code. It is
   * for stores that are repeated from another record: their lines would all be those of the
   * repetition, and each would cost a walk of the stack.
   */
  public static RecordedMemory byOperation(PersistentMemory memory) {
    RecordedMemory recorded = over(memory);
    recorded.recorder.operation = CodeSite.UNKNOWN;
    return recorded;
  }

  /** Returns recorded memory of zeros without a byte, to which files are added. */
  static RecordedMemory ofFiles(Granularity granularity) {
    return new RecordedMemory(
        new HeapMemory(0, granularity), 0, new Recorder(new long[0], 0, null, Set.of()));
  }

  /** Adds an area of zeros, whose place in the trace is decided at its end. */
  RecordedMemory addArea(long bytes) {
    return new RecordedMemory(new HeapMemory(bytes, granularity()), recorder.addArea(), recorder);
  }

  /** Marks that a file is there, durable with its name. */
  void created(String path) {
    recorder.mark(TraceEvent.Kind.CREATE, path, 0);
  }

  /**
   * Returns the events so far.
   *
   * @param bases for each area the offset in the trace
   * @param byteSize of the whole
   */
  StoreTrace trace(long[] bases, long byteSize) {
    return recorder.trace(bases, byteSize);
  }

  /** Returns a decorator whose threads are the tasks of a scheduler; each access yields. */
  static RecordedMemory over(PersistentMemory memory, Scheduler scheduler) {
    return over(memory, scheduler, EnumSet.allOf(Scheduler.Point.class));
  }

  /**
   * Returns a decorator whose threads are the tasks of a scheduler.
   *
   * @param yields the accesses that are yield points
   */
  static RecordedMemory over(
      PersistentMemory memory, Scheduler scheduler, Set<Scheduler.Point> yields) {
    return new RecordedMemory(
        memory, 0, new Recorder(contentOf(memory), memory.byteSize(), scheduler, yields));
  }

  private static long[] contentOf(PersistentMemory memory) {
    byte[] bytes = new byte[Math.toIntExact((memory.byteSize() + 7) / 8 * 8)];
    memory.read(0, bytes, 0, Math.toIntExact(memory.byteSize()));
    return MemorySegment.ofArray(bytes).toArray(WORD.withByteAlignment(1));
  }

  /**
   * Marks the begin of an operation of this thread, which lasts until the next mark of the thread.
   *
   * @param operation its name in reports
   */
  public void begin(String operation) {
    recorder.mark(TraceEvent.Kind.BEGIN, operation, 0);
  }

  /**
   * Marks that all operations of this thread so far are promised to be durable.
   *
   * @param name names the value for the check, see {@link Acknowledgements}
   * @param value the promise, such as the number of entries
   */
  public void acknowledge(String name, long value) {
    recorder.mark(TraceEvent.Kind.ACKNOWLEDGE, name, value);
  }

  /** Returns the events so far. */
  public StoreTrace trace() {
    return recorder.trace();
  }

  @Override
  PersistentMemory decorate(PersistentMemory slice, long newBase) {
    return new RecordedMemory(slice, newBase, recorder);
  }

  @Override
  void storing(String call, long offset, long length) {
    recorder.pause(Scheduler.Point.STORE, offset);
  }

  @Override
  void stored(StoreOrder order, String call, long offset, long length) {
    byte[] bytes = new byte[(int) length];
    target.read(offset - base, bytes, 0, bytes.length);
    recorder.add(TraceEvent.store(recorder.thread(), recorder.site(), call, order, offset, bytes));
  }

  @Override
  void loading(long offset, long length) {
    recorder.pause(Scheduler.Point.LOAD, offset);
    recorder.add(TraceEvent.Kind.LOAD, "load", offset, length);
  }

  @Override
  void flushing(String call, long offset, long length) {
    recorder.pause(Scheduler.Point.PERSIST, offset);
  }

  @Override
  void flushed(String call, long offset, long length) {
    recorder.add(TraceEvent.Kind.FLUSH, call, offset, length);
  }

  @Override
  void drained(String call) {
    recorder.add(TraceEvent.Kind.DRAIN, call, 0, 0);
  }

  /** The trace under construction, shared by all slices. */
  private static final class Recorder {
    /** Areas are so many bytes apart until their places are known. */
    private static final long AREA_SHIFT = 40;

    private final long[] initial;
    private final long byteSize;
    private int areas;
    private final List<TraceEvent> events = new ArrayList<>();
    private final IdentityHashMap<Object, Integer> threads = new IdentityHashMap<>();
    private final @Nullable Scheduler scheduler;
    private final Set<Scheduler.Point> yields;

    /** The site of all events; null if each has its line of code. */
    private volatile @Nullable CodeSite operation;

    Recorder(
        long[] initial, long byteSize, @Nullable Scheduler scheduler, Set<Scheduler.Point> yields) {
      this.yields = yields;
      this.initial = initial;
      this.byteSize = byteSize;
      this.scheduler = scheduler;
    }

    /** Lets another task run; accesses of different lines commute. */
    void pause(Scheduler.Point point, long offset) {
      if (scheduler != null && yields.contains(point)) {
        scheduler.yieldPoint(point, point == Scheduler.Point.PERSIST ? this : offset / 64);
      }
    }

    /** Returns the line of code, or the operation. */
    CodeSite site() {
      CodeSite begun = operation;
      return begun == null ? CodeSite.here() : begun;
    }

    synchronized int thread() {
      Object task = scheduler == null ? Thread.currentThread() : scheduler.currentTask();
      return threads.computeIfAbsent(task, _ -> threads.size());
    }

    synchronized void add(TraceEvent event) {
      events.add(event);
    }

    void add(TraceEvent.Kind kind, String call, long offset, long length) {
      add(TraceEvent.range(kind, thread(), site(), call, offset, length));
    }

    void mark(TraceEvent.Kind kind, String name, long value) {
      if (kind == TraceEvent.Kind.BEGIN && operation != null) {
        operation = CodeSite.ofOperation(name);
      }
      add(TraceEvent.mark(kind, thread(), site(), name, value));
    }

    synchronized long addArea() {
      return (long) areas++ << AREA_SHIFT;
    }

    synchronized StoreTrace trace(long[] bases, long bytes) {
      List<TraceEvent> placed = new ArrayList<>();
      for (TraceEvent event : events) {
        boolean isMark =
            switch (event.kind()) {
              case STORE, LOAD, FLUSH -> false;
              case DRAIN, CREATE, BEGIN, ACKNOWLEDGE -> true;
            };
        long base = isMark ? 0 : bases[(int) (event.offset() >> AREA_SHIFT)];
        placed.add(isMark ? event : event.at(base + event.offset() % (1L << AREA_SHIFT)));
      }
      return new StoreTrace(new long[Math.toIntExact(bytes / Long.BYTES)], bytes, placed);
    }

    synchronized StoreTrace trace() {
      return new StoreTrace(initial, byteSize, events);
    }

    @Override
    public String toString() {
      return "recorded memory";
    }
  }
}
