// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.function.BooleanSupplier;

/**
 * The choice of the task that runs next. Code under exploration announces the places where another
 * task could run ({@link #yieldPoint}), and waits only through {@link #park}.
 *
 * <p>The production scheduler leaves the choice to the JDK's threads. An explorer implements this
 * interface over continuations, and a task stops at each yield point. A parked task is runnable if
 * its wake condition held before it slept or at a call of {@link #unpark}. So the explorer detects
 * a missing unpark, and a deadlock without a time-out: all tasks are parked.
 *
 * <p>All methods may be called by many tasks at once. Implementations never call back into the
 * object they are given.
 */
public interface Scheduler {

  /** The access that a task announces at a {@link #yieldPoint}. */
  enum Point {
    /** Take a lock; the object is the lock. */
    ACQUIRE,
    /** Release a lock; the object is the lock. */
    RELEASE,
    /** Read shared state; the object identifies it. */
    LOAD,
    /** Change shared state; the object identifies it. */
    STORE,
    /** Make stores durable; the object is the memory. */
    PERSIST,
    /** Do anything else at which a switch is of interest. */
    STEP
  }

  /**
   * Lets another task run before the caller goes on. The caller holds no monitor.
   *
   * @param point the caller's next access
   * @param object the object of the access; accesses of different objects commute
   */
  void yieldPoint(Point point, Object object);

  /**
   * Records what the running step has found or done. It never influences a decision, and does
   * nothing in production.
   *
   * @param what a constant of the program, which says what the values are
   * @param first 0 if the constant has no value
   * @param second 0 if the constant has fewer than two values
   */
  default void observed(Enum<?> what, long first, long second) {}

  /** Returns the identity of the running task; owners of locks are compared with {@code ==}. */
  Object currentTask();

  /**
   * Blocks the running task until {@code wake} holds. Interrupts do not end the wait and stay
   * pending. The task that makes {@code wake} true calls {@link #unpark} afterwards.
   *
   * @param blocker the object that the task waits for
   * @param wake becomes true once and stays true; cheap, without side effects, and reads only
   *     volatile state
   */
  void park(Object blocker, BooleanSupplier wake);

  /**
   * Makes a task test its wake condition again. A call for a task that is not parked is not lost:
   * its condition has been true since before the call.
   *
   * @param task a result of {@link #currentTask}
   */
  void unpark(Object task);

  /** Returns the scheduler of the JDK's threads; its yield points do nothing. */
  static Scheduler production() {
    return ThreadScheduler.PRODUCTION;
  }
}
