// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The cache lines of a memory, and how far each is on its way to the medium. A store makes a line
 * dirty. A flush makes it pending for the task that flushes. That task's drain makes it durable,
 * with the content that it had at the flush; a drain covers nothing that another task has flushed.
 *
 * <p>A store is settled when the operation that made it has returned. Only then do the calls of
 * other tasks promise it: ext2 marks a block dirty after it has stored to it, as Linux does.
 *
 * <p>Not thread-safe: one task runs at a time.
 */
@SuppressWarnings("ReferenceEquality") // tasks are told apart by identity
public final class LineTracker {
  private final MemorySegment memory;
  private final Supplier<Object> currentTask;
  private final @Nullable TrackedBlock[] blocks;
  private final BitSet touched = new BitSet();
  private Runnable onClean = () -> {};
  private PointerListener onPointer = (_, _) -> {};
  private final IdentityHashMap<Object, TaskLines> tasks = new IdentityHashMap<>();
  private @Nullable Object lastTask;
  private @Nullable TaskLines lastLines;
  private long clock;

  /** The stores and flushes of one task that others have to know of later. */
  private static final class TaskLines {
    final List<Piece> pending = new ArrayList<>();
    final List<Piece> unsettled = new ArrayList<>();
    final List<Piece> own = new ArrayList<>();
    int promises;

    /**
     * True if the call that promises only writes out changes of others: its own stores are settled
     * at once.
     */
    boolean writesOut;

    boolean inOperation;
  }

  /** Called before a store that may be a block number. */
  interface PointerListener {
    /** The block of this number was filled, and the medium may lack that. */
    void storing(long offset, TrackedBlock block);
  }

  /** Lines of one block at one moment; the content at a flush. */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record Piece(TrackedBlock block, long mask, long time, byte @Nullable [] content) {}

  /**
   * Tracks a memory, all of whose lines are durable.
   *
   * @param currentTask the identity of the running task
   */
  public LineTracker(MemorySegment memory, Supplier<Object> currentTask) {
    this.memory = memory;
    this.currentTask = currentTask;
    this.blocks =
        new @Nullable
            TrackedBlock[Math.toIntExact(Math.ceilDiv(memory.byteSize(), TrackedBlock.BYTES))];
  }

  /** Takes every line as durable with the content that it has now. */
  public void reset() {
    touched.stream().forEach(index -> Objects.requireNonNull(blocks[index]).reset());
    touched.clear();
    tasks.clear();
    onClean = () -> {};
    onPointer = (_, _) -> {};
    lastTask = null;
    lastLines = null;
    clock = 0;
  }

  private TaskLines running() {
    Object task = currentTask.get();
    TaskLines known = lastLines;
    if (known == null || task != lastTask) {
      known = tasks.computeIfAbsent(task, _ -> new TaskLines());
      lastTask = task;
      lastLines = known;
    }
    return known;
  }

  /**
   * Records that the running task is about to store to a range.
   *
   * @param clears whether it fills the range with one value, as a new block is
   */
  void storing(long offset, long length, boolean clears) {
    if (length <= 0) {
      return;
    }
    long now = ++clock;
    TaskLines by = running();
    Object task = Objects.requireNonNull(lastTask);
    int last = index(offset + length - 1);
    for (int index = index(offset); index <= last; index++) {
      TrackedBlock block = touch(index);
      long mask = mask(index, offset, length);
      block.stored(mask, now, task);
      if (clears && mask == -1) {
        block.cleared = now;
      }
      Piece piece = new Piece(block, mask, now, null);
      if (by.promises > 0) {
        by.own.add(piece);
      }
      if (by.writesOut || !by.inOperation) {
        block.settle(mask, now);
      } else {
        by.unsettled.add(piece);
      }
    }
  }

  /** The running task flushes a range. */
  void flushed(long offset, long length) {
    if (length <= 0) {
      return;
    }
    long now = ++clock;
    TaskLines by = running();
    Object task = Objects.requireNonNull(lastTask);
    int last = index(offset + length - 1);
    for (int index = index(offset); index <= last; index++) {
      TrackedBlock block = blocks[index];
      long mask = block == null ? 0 : mask(index, offset, length) & block.undurable();
      if (block != null && mask != 0) {
        block.flushed(mask, now, task);
        by.pending.add(new Piece(block, mask, now, block.content(memory, mask)));
      }
    }
  }

  /** Records that the running task drains the lines that it has flushed. */
  void drained() {
    TaskLines by = running();
    for (Piece piece : by.pending) {
      piece.block.persist(piece.mask, piece.time, Objects.requireNonNull(piece.content));
    }
    by.pending.clear();
  }

  /** Begins an operation of the running task: its stores are settled when the operation ends. */
  public void beginOperation() {
    running().inOperation = true;
  }

  /** Ends the operation of the running task: its stores are settled. */
  public void endOperation() {
    TaskLines task = running();
    task.inOperation = false;
    settle(task);
  }

  /** Returns true if a task is in the middle of an operation that changes something. */
  boolean changing() {
    return tasks.values().stream().anyMatch(task -> task.inOperation && !task.writesOut);
  }

  private static void settle(TaskLines task) {
    task.unsettled.forEach(piece -> piece.block.settle(piece.mask, piece.time));
    task.unsettled.clear();
  }

  /** Calls a listener before each store that makes the superblock say "cleanly unmounted". */
  void onClean(Runnable listener) {
    onClean = listener;
  }

  /** Calls a listener before each store of a number whose block was filled and is not durable. */
  void onPointer(PointerListener listener) {
    onPointer = listener;
  }

  /** The running task is about to store a number that may be a block's. */
  void storingNumber(long offset, int value) {
    if (value > 0 && value < blocks.length) {
      TrackedBlock target = block(value);
      if (target != null && target.clearingMayBeLost()) {
        onPointer.storing(offset, target);
      }
    }
  }

  /** The running task is about to store that the file system was cleanly unmounted. */
  void storingClean() {
    onClean.run();
  }

  /**
   * Begins a call of the running task that promises durability.
   *
   * @param writesOut whether it only writes out what was changed before: its stores are settled at
   *     once then
   */
  void beginPromise(boolean writesOut) {
    TaskLines by = running();
    if (writesOut) {
      settle(by);
      by.writesOut = true;
    }
    if (by.promises++ == 0) {
      by.own.clear();
    }
  }

  /**
   * The running task's call returns.
   *
   * @param required gets the lines that the call itself has stored to
   */
  void endPromise(RequiredLines required) {
    TaskLines by = running();
    by.promises--;
    by.writesOut = false;
    by.own.forEach(piece -> required.add(piece.block, piece.mask, piece.time));
  }

  /** The lines whose settled stores are not durable now. */
  RequiredLines settledNow() {
    RequiredLines required = new RequiredLines(clock);
    touched.stream().forEach(index -> required.add(Objects.requireNonNull(blocks[index])));
    return required;
  }

  /** The blocks that were stored to since the beginning. */
  BitSet touched() {
    return touched;
  }

  /** A block that was stored to, else null. */
  @Nullable TrackedBlock block(long index) {
    return touched.get(Math.toIntExact(index)) ? blocks[(int) index] : null;
  }

  /** Returns true if a block has lines that no task has flushed since the last store to them. */
  public boolean isUnflushed(long index) {
    TrackedBlock block = block(index);
    return block != null && block.unflushed() != 0;
  }

  MemorySegment memory() {
    return memory;
  }

  private TrackedBlock touch(int index) {
    TrackedBlock block = blocks[index];
    if (block == null) {
      block = new TrackedBlock(index);
      blocks[index] = block;
    }
    if (!touched.get(index)) {
      touched.set(index);
      block.begin(memory);
    }
    return block;
  }

  private static int index(long offset) {
    return (int) (offset / TrackedBlock.BYTES);
  }

  /** The lines of a block that a range touches. */
  private static long mask(int index, long offset, long length) {
    long start = (long) index * TrackedBlock.BYTES;
    int first = (int) (Math.max(offset - start, 0) / TrackedBlock.LINE_BYTES);
    int last =
        (int)
            (Math.min(offset + length - 1 - start, TrackedBlock.BYTES - 1)
                / TrackedBlock.LINE_BYTES);
    return -1L >>> (63 - (last - first)) << first;
  }
}
