// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.durable;

import io.pmem4j.pmem.MapSpec;
import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.Pmem;
import io.pmem4j.sched.Mutex;
import io.pmem4j.sched.Scheduler;
import io.pmem4j.sched.SharedState;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A log of records in a ring of fixed capacity.
 *
 * {@snippet :
 * try (DurableLog log = DurableLog.openOrCreate(path, 1 << 24)) {
 *   LogReader old = log.reader();
 *   while (old.next()) {
 *     replay(old.payload());
 *   }
 *   log.append(record); // durable when it returns
 * }
 * }
 *
 * <p><b>Durability.</b> A record is durable when {@link #append} has returned, or {@link #sync}
 * after its {@link #add}. After a kill or a power cut at any moment the log holds a prefix of what
 * was added, with every durable record and no torn one. Its point of commit is its checksum, so
 * that it costs one persist whatever its size. Threads that wait at the same time share one. Shown
 * by {@code LogCrashTest} and, in all crash states of four modes, by {@code
 * io.pmem4j.crash.DurableStructuresTest} of pmem-testkit.
 *
 * <p><b>Damage.</b> If a durable record is damaged and a later one was appended after it was
 * durable, opening throws {@link DurableCorruptionException}. Damage of the records that the last
 * sync made durable cannot be told from a crash in the middle of that sync: they are missing then.
 * One of the two copies of the header may be damaged. If one has no memory, opening throws {@link
 * io.pmem4j.pmem.PmemMediaException} until its page has been written again.
 *
 * <p><b>Positions</b> are bytes since the log was made. They grow for ever, are multiples of 16,
 * and name records across restarts.
 *
 * <p>Thread-safe. The format is described in {@code docs/formats.md}.
 */
public final class DurableLog implements AutoCloseable {
  /** The least capacity in bytes; a capacity is a multiple of this. */
  public static final long CAPACITY_UNIT = 4096;

  private static final long MAX_CAPACITY = 1L << 35;

  private enum Kind {
    ADDING,
    SYNCING,
    END,
    DURABLE
  }

  private final PersistentMemory memory;
  private final @Nullable Arena arena;
  private final LogRecovery recovery;
  private final LogRecords records; // its buffer is guarded by adding
  private final long capacity;
  private final int epoch;

  /** Orders what is added, and guards the buffer of the records. */
  private final Mutex adding;

  /** Orders what is made durable; taken before {@link #adding}. */
  private final Mutex syncing;

  private final SharedState endState;
  private final SharedState durableState;

  private LogHeader header; // guarded by adding
  private volatile long head;

  /** The position after the last record that was added; written under {@link #adding}. */
  private volatile long end;

  /** The position up to which all is durable; written under {@link #syncing}. */
  private volatile long durable;

  private volatile boolean closed;

  // Stored without a fence of their own: the unlock that follows is one.
  private static final VarHandle END;
  private static final VarHandle DURABLE;

  static {
    try {
      END = MethodHandles.lookup().findVarHandle(DurableLog.class, "end", long.class);
      DURABLE = MethodHandles.lookup().findVarHandle(DurableLog.class, "durable", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private DurableLog(
      PersistentMemory memory,
      @Nullable Arena arena,
      LogHeader found,
      boolean torn,
      Scheduler scheduler) {
    this.memory = memory;
    this.arena = arena;
    this.adding = new Mutex(scheduler, "log", Kind.ADDING);
    this.syncing = new Mutex(scheduler, "log's sync", Kind.SYNCING);
    this.endState = new SharedState(scheduler, Kind.END);
    this.durableState = new SharedState(scheduler, Kind.DURABLE);
    this.records = new LogRecords(memory, found.id(), found.capacity());
    this.capacity = found.capacity();
    this.head = found.head();
    LogRecords.Scan scan = records.scan(found);
    int last = scan.epoch();
    long at = scan.end();
    this.end = at;
    this.durable = at;
    this.epoch = Math.max(found.epoch(), last) + 1;
    this.recovery = new LogRecovery(scan.count(), head, at, torn);
    // Durable before the first append: what a crash left past the end is older than all new
    // records.
    int headEpoch = at == head ? epoch : found.headEpoch();
    this.header = new LogHeader(found.sequence() + 1, found.id(), capacity, head, epoch, headEpoch);
    if (at > head) {
      records.persist(head, at); // a kill may have left records that were not durable
    }
    header.write(memory);
  }

  /**
   * Opens the log in a file, or makes one. The file is exclusive. Opening reads the whole ring.
   *
   * @param capacity bytes of all records together in a new file, a multiple of {@link
   *     #CAPACITY_UNIT}; one that exists keeps its capacity
   * @throws IOException as by {@link Pmem#map}, also if the file is shorter
   * @throws DurableFormatException if the file is no log
   * @throws DurableCorruptionException if it is damaged
   */
  public static DurableLog openOrCreate(Path path, long capacity) throws IOException {
    return open(
        path, MapSpec.openOrCreate(LogHeader.RING + checked(capacity)).exclusive(), capacity);
  }

  /**
   * Opens the log in a file that exists; otherwise as {@link #openOrCreate}.
   *
   * @throws DurableFormatException also if the file is shorter than its log
   */
  public static DurableLog open(Path path) throws IOException {
    return open(path, MapSpec.existing().exclusive(), 0);
  }

  @SuppressWarnings("MustBeClosedChecker") // by close
  private static DurableLog open(Path path, MapSpec spec, long capacity) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      return open(Pmem.map(path, spec, arena), arena, capacity, Scheduler.production());
    } catch (IOException | RuntimeException | Error failure) {
      arena.close();
      throw failure;
    }
  }

  private static long checked(long capacity) {
    if (capacity < CAPACITY_UNIT || capacity > MAX_CAPACITY || capacity % CAPACITY_UNIT != 0) {
      throw new IllegalArgumentException(
          "capacity " + capacity + ", expected a multiple of " + CAPACITY_UNIT + " up to 32 GiB");
    }
    return capacity;
  }

  /**
   * Opens the log in a memory, or makes one in a memory of zeros, as large as fits. {@link #close}
   * does not close the memory.
   *
   * @throws DurableFormatException if the memory holds something else
   * @throws DurableCorruptionException if the log is damaged
   */
  public static DurableLog open(PersistentMemory memory) {
    return open(memory, Scheduler.production());
  }

  /** Opens the log as {@link #open(PersistentMemory)} does, with locks of another scheduler. */
  public static DurableLog open(PersistentMemory memory, Scheduler scheduler) {
    long room = (memory.byteSize() - LogHeader.RING) / CAPACITY_UNIT * CAPACITY_UNIT;
    return open(memory, null, Math.clamp(room, 0, MAX_CAPACITY), scheduler);
  }

  private static DurableLog open(
      PersistentMemory memory, @Nullable Arena arena, long capacity, Scheduler scheduler) {
    LogHeader.Copies copies = LogHeader.find(memory, capacity);
    return new DurableLog(memory, arena, copies.newer(), copies.damaged(), scheduler);
  }

  /** Returns the result of recovery. */
  public LogRecovery recovered() {
    return recovery;
  }

  /** Returns the capacity in bytes. */
  public long capacity() {
    return capacity;
  }

  /** Returns the position of the first record. */
  public long head() {
    return head;
  }

  /** Returns the position up to which all records are durable. */
  public long durableEnd() {
    durableState.load();
    return durable;
  }

  /**
   * Adds a record and makes it durable, with all before it.
   *
   * @return its position
   * @throws LogFullException if it does not fit; the log is unchanged
   * @throws io.pmem4j.pmem.PmemException if it cannot be made durable; it may be in the log
   */
  public long append(byte[] record) {
    long position = add(record);
    sync();
    return position;
  }

  /** Adds a part of a segment as {@link #append(byte[])} does. */
  public long append(MemorySegment source, long offset, long length) {
    long position = add(source, offset, length);
    sync();
    return position;
  }

  /**
   * Adds a record that is durable after the next {@link #sync}. Many records share its one persist.
   *
   * @return its position
   * @throws LogFullException if it does not fit; the log is unchanged
   */
  public long add(byte[] record) {
    try (var _ = adding.lock()) {
      long at = reserve(record.length);
      records.put(at, record, 0, record.length, epoch, at - durable);
      endState.store();
      END.setRelease(this, at + LogRecords.size(record.length));
      return at;
    }
  }

  /** Adds a part of a segment as {@link #add(byte[])} does. */
  public long add(MemorySegment source, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, source.byteSize());
    try (var _ = adding.lock()) {
      long at = reserve(length);
      records.put(at, source, offset, (int) length, epoch, at - durable);
      endState.store();
      END.setRelease(this, at + LogRecords.size(length));
      return at;
    }
  }

  /** Returns the position of the next record; the bytes before the end of the lap are filled. */
  private long reserve(long length) {
    if (closed) {
      throw new IllegalStateException("the log is closed");
    }
    long at = end;
    long size = LogRecords.size(length);
    long skipped = size <= records.lapLeft(at) ? 0 : records.lapLeft(at);
    long free = capacity - (at - head);
    if (size > capacity || skipped + size > free || length > Integer.MAX_VALUE - 64) {
      throw new LogFullException(skipped + size, free);
    }
    if (skipped > 0) {
      records.putFiller(at, epoch, at - durable);
      at += skipped;
      end = at;
    }
    return at;
  }

  /**
   * Makes all records durable that were added before. Threads that call it at the same time share
   * one persist.
   *
   * @throws io.pmem4j.pmem.PmemException if they cannot be made durable
   */
  public void sync() {
    endState.load();
    long wanted = end;
    if (durableEnd() >= wanted) {
      return;
    }
    try (var _ = syncing.lock()) {
      long from = durable;
      if (from >= wanted) {
        return; // another thread's persist covered it
      }
      endState.load();
      long to = end;
      records.persist(from, to);
      durableState.store();
      DURABLE.setRelease(this, to);
    }
  }

  /**
   * Removes all records before a position, durably, and frees their space.
   *
   * @param position of a record, or {@link #durableEnd}
   * @throws IllegalArgumentException if no durable record begins there
   */
  public void truncatePrefix(long position) {
    try (var _ = syncing.lock();
        var _ = adding.lock()) {
      if (position == head) {
        return;
      }
      int first = epoch;
      if (position != durable) {
        LogRecords.Found found =
            position < head || position > durable || position % LogRecords.ALIGNMENT != 0
                ? null
                : records.at(position, durable);
        if (found == null) {
          throw new IllegalArgumentException(
              "no durable record at " + position + "; the log is " + head + " to " + durable);
        }
        first = found.epoch;
      }
      LogHeader next =
          new LogHeader(header.sequence() + 1, header.id(), capacity, position, epoch, first);
      next.write(memory);
      header = next;
      head = position;
    }
  }

  /** Returns a reader of the durable records from the first one on. */
  public LogReader reader() {
    return reader(head);
  }

  /**
   * Returns a reader of the durable records from a position on. It ends at {@link #durableEnd} and
   * goes on when more records have become durable.
   */
  public LogReader reader(long from) {
    return new LogReader(this, from, false);
  }

  /** Returns a reader that also meets records which are not durable yet. */
  public LogReader unsyncedReader(long from) {
    return new LogReader(this, from, true);
  }

  /** Returns the record at a position, or null at the end. */
  LogRecords.@Nullable Found get(long position, boolean unsynced) {
    try (var _ = adding.lock()) {
      if (closed) {
        throw new IllegalStateException("the log is closed");
      }
      long limit = unsynced ? end : durableEnd();
      if (position < head || position > limit || position % LogRecords.ALIGNMENT != 0) {
        throw new IllegalArgumentException(
            "no record at " + position + "; the log is " + head + " to " + limit);
      }
      if (position == limit) {
        return null;
      }
      LogRecords.Found found = records.at(position, limit);
      if (found == null) {
        throw new DurableCorruptionException("no whole record at position " + position, position);
      }
      return found;
    }
  }

  /** Closes the log, and the file if this class opened it. What was not synced may be lost. */
  @Override
  public void close() {
    try (var _ = syncing.lock();
        var _ = adding.lock()) {
      if (!closed) {
        closed = true;
        if (arena != null) {
          arena.close();
        }
      }
    }
  }
}
