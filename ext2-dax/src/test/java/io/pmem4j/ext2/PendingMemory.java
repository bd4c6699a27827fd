// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.pmem.Granularity;
import io.pmem4j.pmem.PersistentMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Memory on the heap that takes the contract of {@link PersistentMemory} at its word, and the
 * medium behind it. A store makes its lines dirty. A flush makes dirty lines pending, with what
 * they hold then, for the task that flushes. A drain makes what is pending for that task durable,
 * and for no other task. A line that is stored to while it is pending is dirty until it is flushed
 * again. Thread-safe.
 */
final class PendingMemory implements PersistentMemory {
  static final int LINE_BYTES = 64;
  private static final int BLOCK_BYTES = 4096;

  /** The calls that a {@link Listener} hears of. */
  enum Call {
    STORE,
    FLUSH,
    DRAIN
  }

  /** Hears of a call before it takes place; may block, check or throw. */
  @FunctionalInterface
  interface Listener {
    void before(Call call, long offset, long length);
  }

  /** A line as it was when it was flushed. */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record Flushed(byte[] contents, long time) {}

  /** The durable contents, and the state of the lines. */
  private static final class Medium {
    final byte[] durable;
    final BitSet volatileLines = new BitSet();

    /** By task and line. */
    final Map<Object, Map<Integer, Flushed>> pending = new HashMap<>();

    /** By line, the time of the last store, and that of the flush which the medium has. */
    final long[] storedAt;

    final long[] flushedAt;
    long time;
    final Supplier<Object> task;
    volatile Listener listener = (_, _, _) -> {};

    Medium(byte[] durable, Supplier<Object> task) {
      this.durable = durable;
      this.task = task;
      this.storedAt = new long[durable.length / LINE_BYTES];
      this.flushedAt = new long[durable.length / LINE_BYTES];
    }
  }

  private final MemorySegment memory;
  private final Medium medium;

  /**
   * Memory that is durable with these contents.
   *
   * @param contents a multiple of 64 bytes
   * @param task the identity of the caller of a flush or drain
   */
  PendingMemory(byte[] contents, Supplier<Object> task) {
    this.memory = MemorySegment.ofArray(new long[contents.length / Long.BYTES]);
    this.medium = new Medium(contents.clone(), task);
    MemorySegment.copy(contents, 0, memory, ValueLayout.JAVA_BYTE, 0, contents.length);
  }

  void listen(Listener listener) {
    medium.listener = listener;
  }

  /** The worst case of a power cut now: only what a drain has covered is there. */
  PendingMemory afterPowerCut() {
    synchronized (medium) {
      return new PendingMemory(medium.durable, Thread::currentThread);
    }
  }

  /** The numbers of the blocks with lines that are not durable. */
  Set<Long> volatileBlocks() {
    synchronized (medium) {
      Set<Long> blocks = new TreeSet<>();
      medium.volatileLines.stream()
          .forEach(line -> blocks.add((long) line * LINE_BYTES / BLOCK_BYTES));
      return blocks;
    }
  }

  private int firstLine(long offset) {
    return Math.toIntExact(offset / LINE_BYTES);
  }

  private int endLine(long offset, long length) {
    return Math.toIntExact((offset + length - 1) / LINE_BYTES) + 1;
  }

  private void storing(long offset, long length, Runnable store) {
    Objects.checkFromIndexSize(offset, length, byteSize());
    if (length == 0) {
      return;
    }
    medium.listener.before(Call.STORE, offset, length);
    synchronized (medium) {
      store.run();
      int first = firstLine(offset);
      int end = endLine(offset, length);
      medium.volatileLines.set(first, end);
      Arrays.fill(medium.storedAt, first, end, ++medium.time);
    }
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Granularity granularity() {
    return Granularity.CACHE_LINE;
  }

  @Override
  public MemorySegment segment() {
    return memory.asReadOnly();
  }

  private void store(long offset, long bits, int bytes) {
    storing(
        offset,
        bytes,
        () -> {
          for (int i = 0; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, offset + i, (byte) (bits >>> (8 * i)));
          }
        });
  }

  @Override
  public void putByte(long offset, byte value) {
    store(offset, value, Byte.BYTES);
  }

  @Override
  public void putShort(long offset, short value) {
    store(offset, value, Short.BYTES);
  }

  @Override
  public void putInt(long offset, int value) {
    store(offset, value, Integer.BYTES);
  }

  @Override
  public void putLong(long offset, long value) {
    store(offset, value, Long.BYTES);
  }

  @Override
  public void copy(long offset, MemorySegment source, long sourceOffset, long length) {
    storing(offset, length, () -> MemorySegment.copy(source, sourceOffset, memory, offset, length));
  }

  @Override
  public void copy(long offset, byte[] source, int sourceOffset, int length) {
    copy(offset, MemorySegment.ofArray(source), sourceOffset, length);
  }

  @Override
  public void fill(long offset, long length, byte value) {
    storing(offset, length, () -> memory.asSlice(offset, length).fill(value));
  }

  @Override
  public void flush(long offset, long length) {
    Objects.checkFromIndexSize(offset, length, byteSize());
    if (length == 0) {
      return;
    }
    medium.listener.before(Call.FLUSH, offset, length);
    synchronized (medium) {
      Map<Integer, Flushed> mine =
          medium.pending.computeIfAbsent(medium.task.get(), _ -> new HashMap<>());
      long now = ++medium.time;
      int end = endLine(offset, length);
      for (int line = medium.volatileLines.nextSetBit(firstLine(offset));
          line >= 0 && line < end;
          line = medium.volatileLines.nextSetBit(line + 1)) {
        MemorySegment contents = memory.asSlice((long) line * LINE_BYTES, LINE_BYTES);
        mine.put(line, new Flushed(contents.toArray(ValueLayout.JAVA_BYTE), now));
      }
    }
  }

  @Override
  public void drain() {
    medium.listener.before(Call.DRAIN, 0, 0);
    synchronized (medium) {
      Map<Integer, Flushed> mine = medium.pending.remove(medium.task.get());
      if (mine != null) {
        mine.forEach(this::durable);
      }
    }
  }

  private void durable(int line, Flushed flushed) {
    if (flushed.time() < medium.flushedAt[line]) {
      return; // a later flush is durable already
    }
    medium.flushedAt[line] = flushed.time();
    System.arraycopy(flushed.contents(), 0, medium.durable, line * LINE_BYTES, LINE_BYTES);
    if (medium.storedAt[line] < flushed.time()) {
      medium.volatileLines.clear(line);
    }
  }

  @Override
  public void persist(long offset, long length) {
    flush(offset, length);
    drain();
  }

  @Override
  public void publishLong(long offset, long value) {
    putLong(offset, value);
    persist(offset, Long.BYTES);
  }

  @Override
  public boolean compareAndPublish(long offset, long expected, long value) {
    throw new UnsupportedOperationException("the file system has no use for it");
  }

  @Override
  public long getLongAcquire(long offset) {
    throw new UnsupportedOperationException("the file system has no use for it");
  }

  @Override
  public PersistentMemory slice(long offset, long length) {
    throw new UnsupportedOperationException("the file system has no use for it");
  }
}
