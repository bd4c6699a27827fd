// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.sched.Scheduler.Point;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A rendezvous point of the kernels as a step of the model: a task has come by the point once it
 * has made the step. The same step means different points on different paths.
 */
public enum ModelPoint {
  /** Behind {@code sb_start_pagefault} of a store. */
  FAULT_BEFORE_DAX_SEM(new Place(Path.FAULT, Point.ACQUIRE, LockClass.SB_PAGEFAULT)),
  /** Behind {@code down_read(dax_sem)}. */
  FAULT_DAX_SEM_HELD(new Place(Path.FAULT, Point.ACQUIRE, LockClass.DAX_SEM)),
  /** Behind the check of i_size in the fault's body. */
  FAULT_SIZE_CHECKED(
      new Place(Path.FAULT, Point.LOAD, StateKind.I_SIZE),
      // The entry of the hole is read before the fault body begins.
      new Place(Path.SERIES_ZERO_PAGE, Point.RELEASE, LockClass.DAX_ENTRY)),
  /** The same in the body of a fault of 2 MiB. */
  PMD_SIZE_CHECKED(new Place(Path.HUGE_FAULT, Point.LOAD, StateKind.I_SIZE)),
  /** Behind the walk of the block map that finds no block. */
  ALLOC_BEFORE_MUTEX(new Place(Path.FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, true)),
  /** Behind the walk of the block map that answers the fault. */
  FAULT_LOOKED_UP(new Place(Path.FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, false)),
  /** The same in the body of a fault of 2 MiB. */
  PMD_LOOKED_UP(new Place(Path.HUGE_FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, false)),
  /** Behind {@code mutex_lock(truncate_mutex)}. */
  ALLOC_MUTEX_HELD(new Place(Path.FAULT, Point.ACQUIRE, LockClass.TRUNCATE_MUTEX)),
  /** Behind {@code mutex_unlock(truncate_mutex)}. */
  ALLOC_MUTEX_RELEASED(new Place(Path.FAULT, Point.RELEASE, LockClass.TRUNCATE_MUTEX)),
  /** At the end of a store's fault. */
  FAULT_DAX_SEM_RELEASED(
      new Place(Path.FAULT, Point.RELEASE, LockClass.SB_PAGEFAULT),
      // Writeback does not take dax_sem: a task that stops under it runs to its release.
      new Place(Path.SERIES_MKWRITE, Point.RELEASE, LockClass.DAX_ENTRY)),
  /** Under {@code i_rwsem}. */
  TRUNCATE_BEFORE_DAX_SEM(new Place(Path.TRUNCATION, Point.ACQUIRE, LockClass.I_RWSEM)),
  /** Behind {@code down_write(dax_sem)}. */
  TRUNCATE_DAX_SEM_HELD(new Place(Path.TRUNCATION, Point.ACQUIRE, LockClass.DAX_SEM)),
  /** Behind the store of the new size. */
  TRUNCATE_SIZE_STORED(new Place(Path.TRUNCATION, Point.STORE, StateKind.I_SIZE)),
  /** Behind the second unmapping, which follows the removal of the entries. */
  TRUNCATE_UNMAPPED(
      new Place(Path.TRUNCATION, null, null, true),
      // No point lies between the entries and the second unmapping: a task that stops there runs
      // on.
      new Place(Path.EXPORTED_TRUNCATION, Point.LOAD, StateKind.DAX_ENTRIES)),
  /** Behind {@code mutex_lock(truncate_mutex)}. */
  TRUNCATE_MUTEX_HELD(new Place(Path.TRUNCATION, Point.ACQUIRE, LockClass.TRUNCATE_MUTEX)),
  /** Behind {@code mutex_unlock(truncate_mutex)}. */
  TRUNCATE_MUTEX_RELEASED(new Place(Path.TRUNCATION, Point.RELEASE, LockClass.TRUNCATE_MUTEX)),
  /** Behind {@code up_write(dax_sem)}. */
  TRUNCATE_DAX_SEM_RELEASED(new Place(Path.TRUNCATION, Point.RELEASE, LockClass.DAX_SEM)),
  /** Behind the lock of the first entry to write back. */
  WRITEBACK_ENTRY_LOCKED(new Place(Path.WRITEBACK, Point.ACQUIRE, LockClass.DAX_ENTRY)),
  /** Behind the removal of the entries of holes that write(2) has filled. */
  WRITE_ENTRIES_REMOVED(new Place(Path.WRITE, Point.STORE, StateKind.DAX_ENTRIES));

  /** The operations that come by a point. */
  public enum Path {
    /** A load or a store. */
    FAULT(null),
    /** A fault of 2 MiB. */
    HUGE_FAULT(FAULT),
    /** A store to a page that is mapped read-only, in the handlers of the series. */
    SERIES_MKWRITE(null),
    /** A store to the page of zeros, in the handlers of the series. */
    SERIES_ZERO_PAGE(null),
    /** A call that makes a file shorter. */
    TRUNCATION(null),
    /** The same, in a schedule that a kernel is to follow as closely as its points allow. */
    EXPORTED_TRUNCATION(TRUNCATION),
    /** A call that writes back. */
    WRITEBACK(null),
    /** A call of write(2). */
    WRITE(null);

    /** The path whose places this one has besides its own; null if none. */
    private final @Nullable Path base;

    Path(@Nullable Path base) {
      this.base = base;
    }

    /** Returns the path of an operation; empty if no point lies on it. */
    static Optional<Path> of(Operation operation) {
      if (!(operation instanceof Operation.Call call)) {
        return Optional.empty();
      }
      return switch (call.syscall()) {
        case LOAD, STORE -> Optional.of(FAULT);
        case FTRUNCATE, OPEN -> Optional.of(TRUNCATION);
        case FSYNC, MSYNC, SYNC -> Optional.of(WRITEBACK);
        case PWRITE -> Optional.of(WRITE);
        default -> Optional.empty();
      };
    }

    /** Returns true for a path that only schedules of the explorer take. */
    private boolean isExported() {
      return base != null || this == SERIES_MKWRITE || this == SERIES_ZERO_PAGE;
    }
  }

  /**
   * A place of a point on a path.
   *
   * @param point the kind of the step; null for any
   * @param subject the lock or the state of the step; null for any
   * @param takesMutex true if the next step takes truncate_mutex, false if it does not, null if it
   *     may
   */
  private record Place(
      Path path, @Nullable Point point, @Nullable Enum<?> subject, @Nullable Boolean takesMutex) {
    Place(Path path, Point point, Enum<?> subject) {
      this(path, point, subject, null);
    }

    boolean isBehind(Path on, Point step, @Nullable Enum<?> of, boolean thenMutex) {
      return path == on
          && (point == null || (point == step && subject == of))
          && (takesMutex == null || takesMutex == thenMutex);
    }
  }

  @SuppressWarnings("ImmutableEnumChecker") // List.of; the checker sees the interface alone
  private final List<Place> places;

  ModelPoint(Place... places) {
    this.places = List.of(places);
  }

  /** Returns the name of the point in the kernels, as in {@code fault-size-checked}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns whether the model has a point of this name. */
  static boolean exists(String label) {
    return Arrays.stream(values())
        .filter(each -> each.places.stream().anyMatch(place -> !place.path.isExported()))
        .anyMatch(each -> each.label().equals(label));
  }

  /**
   * Returns the point that a task has come by.
   *
   * @param path the operation's
   * @param step the step that it has made
   * @param thenMutex whether its next step takes truncate_mutex
   */
  public static Optional<ModelPoint> behind(
      Path path, Point step, @Nullable Enum<?> subject, boolean thenMutex) {
    Optional<ModelPoint> own =
        Arrays.stream(values())
            .filter(each ->
                each.places.stream()
                    .anyMatch(place -> place.isBehind(path, step, subject, thenMutex)))
            .findFirst();
    return own.isPresent() || path.base == null ? own : behind(path.base, step, subject, thenMutex);
  }
}
