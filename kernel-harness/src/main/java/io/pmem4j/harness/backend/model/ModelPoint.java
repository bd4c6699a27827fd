// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend.model;

import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.observe.StateKind;
import io.pmem4j.harness.program.Operation;
import io.pmem4j.sched.Scheduler.Point;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A rendezvous point of the kernels as a step of the model: a task has come by the point once it
 * has made the step. The same step means different points in different system calls.
 */
enum ModelPoint {
  /** Behind {@code sb_start_pagefault} of a store. */
  FAULT_BEFORE_DAX_SEM(Path.FAULT, Point.ACQUIRE, LockClass.SB_PAGEFAULT),
  /** Behind {@code down_read(dax_sem)}. */
  FAULT_DAX_SEM_HELD(Path.FAULT, Point.ACQUIRE, LockClass.DAX_SEM),
  /** Behind the check of i_size in the fault's body. */
  FAULT_SIZE_CHECKED(Path.FAULT, Point.LOAD, StateKind.I_SIZE),
  /** Behind the walk of the block map that finds no block. */
  ALLOC_BEFORE_MUTEX(Path.FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, true),
  /** Behind the walk of the block map that answers the fault. */
  FAULT_LOOKED_UP(Path.FAULT, Point.LOAD, StateKind.BLOCK_POINTERS, false),
  /** Behind {@code mutex_lock(truncate_mutex)}. */
  ALLOC_MUTEX_HELD(Path.FAULT, Point.ACQUIRE, LockClass.TRUNCATE_MUTEX),
  /** Behind {@code mutex_unlock(truncate_mutex)}. */
  ALLOC_MUTEX_RELEASED(Path.FAULT, Point.RELEASE, LockClass.TRUNCATE_MUTEX),
  /** At the end of a store's fault. */
  FAULT_DAX_SEM_RELEASED(Path.FAULT, Point.RELEASE, LockClass.SB_PAGEFAULT),
  /** Under {@code i_rwsem}. */
  TRUNCATE_BEFORE_DAX_SEM(Path.TRUNCATION, Point.ACQUIRE, LockClass.I_RWSEM),
  /** Behind {@code down_write(dax_sem)}. */
  TRUNCATE_DAX_SEM_HELD(Path.TRUNCATION, Point.ACQUIRE, LockClass.DAX_SEM),
  /** Behind the store of the new size. */
  TRUNCATE_SIZE_STORED(Path.TRUNCATION, Point.STORE, StateKind.I_SIZE),
  /** Behind the second unmapping, which follows the removal of the entries. */
  TRUNCATE_UNMAPPED(Path.TRUNCATION, null, null, true),
  /** Behind {@code mutex_lock(truncate_mutex)}. */
  TRUNCATE_MUTEX_HELD(Path.TRUNCATION, Point.ACQUIRE, LockClass.TRUNCATE_MUTEX),
  /** Behind {@code mutex_unlock(truncate_mutex)}. */
  TRUNCATE_MUTEX_RELEASED(Path.TRUNCATION, Point.RELEASE, LockClass.TRUNCATE_MUTEX),
  /** Behind {@code up_write(dax_sem)}. */
  TRUNCATE_DAX_SEM_RELEASED(Path.TRUNCATION, Point.RELEASE, LockClass.DAX_SEM),
  /** Behind the lock of the first entry to write back. */
  WRITEBACK_ENTRY_LOCKED(Path.WRITEBACK, Point.ACQUIRE, LockClass.DAX_ENTRY),
  /** Behind the removal of the entries of holes that write(2) has filled. */
  WRITE_ENTRIES_REMOVED(Path.WRITE, Point.STORE, StateKind.DAX_ENTRIES);

  /** The operations that come by a point. */
  enum Path {
    /** A load or a store. */
    FAULT,
    /** A call that makes a file shorter. */
    TRUNCATION,
    /** A call that writes back. */
    WRITEBACK,
    /** A call of write(2). */
    WRITE;

    /** Returns the path of an operation; empty if no point lies on it. */
    static Optional<Path> of(Operation operation) {
      return switch (operation) {
        case Operation.Load _, Operation.Store _ -> Optional.of(FAULT);
        case Operation.Ftruncate _, Operation.Open _ -> Optional.of(TRUNCATION);
        case Operation.Fsync _, Operation.Msync _, Operation.Sync _ -> Optional.of(WRITEBACK);
        case Operation.Pwrite _ -> Optional.of(WRITE);
        default -> Optional.empty();
      };
    }
  }

  private final Path path;

  /** The kind of the step; null for any. */
  private final @Nullable Point point;

  /** The lock or the state of the step; null for any. */
  private final @Nullable Enum<?> subject;

  /** True if the next step takes truncate_mutex, false if it does not, null if it may. */
  private final @Nullable Boolean takesMutex;

  ModelPoint(Path path, Point point, Enum<?> subject) {
    this(path, point, subject, null);
  }

  ModelPoint(
      Path path, @Nullable Point point, @Nullable Enum<?> subject, @Nullable Boolean takesMutex) {
    this.path = path;
    this.point = point;
    this.subject = subject;
    this.takesMutex = takesMutex;
  }

  /** Returns the name of the point in the kernels, as in {@code fault-size-checked}. */
  String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Returns whether the model has a point of this name. */
  static boolean exists(String label) {
    return Arrays.stream(values()).anyMatch(each -> each.label().equals(label));
  }

  /**
   * Returns the point that a task has come by.
   *
   * @param path the operation's
   * @param step the step that it has made
   * @param takesMutex whether its next step takes truncate_mutex
   */
  static Optional<ModelPoint> behind(
      Path path, Point step, @Nullable Enum<?> subject, boolean takesMutex) {
    return Arrays.stream(values())
        .filter(each -> each.path == path)
        .filter(each -> each.point == null || (each.point == step && each.subject == subject))
        .filter(each -> each.takesMutex == null || each.takesMutex == takesMutex)
        .findFirst();
  }
}
