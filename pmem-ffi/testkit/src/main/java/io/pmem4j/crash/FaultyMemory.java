// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import io.pmem4j.pmem.PersistentMemory;
import io.pmem4j.pmem.PmemException;
import io.pmem4j.pmem.PmemMediaException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A decorator whose accesses fail on purpose, for unit tests of error handling. Slices share its
 * plan and its counters. Thread-safe.
 *
 * <p>A flush that fails throws {@link PmemException}; that of a publish fails after the store, so
 * the value is visible and not acknowledged. An access of poison throws {@link PmemMediaException}
 * before any byte is stored or loaded. Loads through {@link #segment} never fail.
 */
public final class FaultyMemory extends ObservedMemory {
  private static final Path PATH = Path.of("faulty memory");

  private final Plan plan;

  private FaultyMemory(PersistentMemory memory, long base, Plan plan) {
    super(memory, base, plan);
    this.plan = plan;
  }

  /** Returns a decorator that has no fault yet. */
  public static FaultyMemory over(PersistentMemory memory) {
    return new FaultyMemory(memory, 0, new Plan());
  }

  /**
   * Lets the n-th flush from now on fail, and each one after it, as after a failed msync. A persist
   * and a publish are one flush each.
   *
   * @param n 1 for the next flush
   */
  public FaultyMemory failAtPersist(long n) {
    if (n < 1) {
      throw new IllegalArgumentException("persist " + n + ", the first is 1");
    }
    plan.failing.set(plan.flushes.get() + n);
    return this;
  }

  /**
   * Lets each load and store of a range fail, as on poisoned media.
   *
   * @param offset bytes from the start of the whole memory
   * @param length bytes, at least 1
   */
  public FaultyMemory poison(long offset, long length) {
    if (offset < 0 || length < 1 || length > Long.MAX_VALUE - offset) {
      throw new IllegalArgumentException("no range to poison: " + length + " bytes at " + offset);
    }
    plan.poison.add(new Range(offset, length));
    return this;
  }

  /** Removes all poison, and lets flushes succeed again. */
  public void heal() {
    plan.poison.clear();
    plan.failing.set(Long.MAX_VALUE);
  }

  /** Returns the number of flushes that were tried, failed ones included. */
  public long flushes() {
    return plan.flushes.get();
  }

  @Override
  PersistentMemory decorate(PersistentMemory slice, long newBase) {
    return new FaultyMemory(slice, newBase, plan);
  }

  @Override
  void storing(String call, long offset, long length) {
    plan.access(call, offset, length);
  }

  @Override
  void loading(long offset, long length) {
    plan.access("load", offset, length);
  }

  @Override
  void flushing(String call, long offset, long length) {
    if (plan.flushes.incrementAndGet() >= plan.failing.get()) {
      throw new PlannedFailure(call, offset, length);
    }
  }

  private static final class PlannedFailure extends PmemException {
    private static final long serialVersionUID = 1;

    PlannedFailure(String call, long offset, long length) {
      super(call, 0, "failed as planned", PATH, offset, length);
    }
  }

  private record Range(long offset, long length) {
    boolean overlaps(long other, long otherLength) {
      return other < offset + length && offset < other + otherLength;
    }
  }

  /** The faults and counters that all slices share. */
  private static final class Plan {
    final AtomicLong flushes = new AtomicLong();
    final AtomicLong failing = new AtomicLong(Long.MAX_VALUE);
    final List<Range> poison = new CopyOnWriteArrayList<>();

    void access(String call, long offset, long length) {
      for (Range range : poison) {
        if (range.overlaps(offset, length)) {
          throw PmemMediaException.at(
              call, PATH, offset, length, new InternalError("poison, as planned"));
        }
      }
    }
  }
}
