// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

import java.util.function.BooleanSupplier;

/**
 * Who runs next. Code that is to be explored says where another task could run ({@link
 * #yieldPoint}), and waits only through {@link #park}.
 *
 * <p>The production scheduler leaves all of it to the JDK's threads. An explorer implements this
 * interface over continuations: a task stops at each yield point, and a parked task is runnable
 * when its wake condition held before it slept or at a call of {@link #unpark}. So a call that is
 * forgotten is seen, "all tasks parked" is a deadlock and no time-out is needed to see one.
 *
 * <p>All methods may be called by many tasks at once. Implementations never call back into the
 * object they are given.
 */
public interface Scheduler {

  /** What the task is about to do at a {@link #yieldPoint}. */
  enum Point {
    /** Take a lock; the object is the lock. */
    ACQUIRE,
    /** Release a lock; the object is the lock. */
    RELEASE,
    /** Read shared state; the object says which. */
    LOAD,
    /** Change shared state; the object says which. */
    STORE,
    /** Make stores durable; the object is the memory. */
    PERSIST,
    /** Anything else at which a switch is of interest. */
    STEP
  }

  /**
   * Another task may run before the caller goes on. The caller holds no monitor.
   *
   * @param point what the caller does next
   * @param object what it does it to; two points on unrelated objects commute
   */
  void yieldPoint(Point point, Object object);

  /**
   * What the step that runs has read or written, in words for whoever reads its interleaving. Never
   * decides anything. Nothing in production.
   *
   * @param words a constant, such as {@code "a hole"}
   */
  default void note(String words) {}

  /**
   * The same with a value.
   *
   * @param words a constant, such as {@code "block"}; what comes before the value
   */
  default void note(String words, long value) {}

  /** The identity of the running task: owners of locks are compared by it, with {@code ==}. */
  Object currentTask();

  /**
   * Blocks the running task until {@code wake} holds, whatever interrupts arrive meanwhile (an
   * interrupt stays pending). Who makes {@code wake} true calls {@link #unpark} afterwards.
   *
   * @param blocker what the task waits for
   * @param wake becomes true once and stays true; cheap, without side effects, and reads only
   *     volatile state
   */
  void park(Object blocker, BooleanSupplier wake);

  /**
   * Lets a task look at its wake condition again. A call for a task that is not parked is not lost:
   * the condition it follows has been true since before the call.
   *
   * @param task an answer of {@link #currentTask}
   */
  void unpark(Object task);

  /**
   * The switchboard of seeded faults: whether the fault of this name is planted in the code that
   * asks. Tests and the conformance run plant one to see that their checks find it; production
   * plants none. Asked when an object is made, not on hot paths.
   *
   * @param fault a name such as {@code rwsem-readers-barge}
   */
  default boolean seeded(String fault) {
    return false;
  }

  /** The JDK's threads, platform and virtual: yield points do nothing, and no fault is planted. */
  static Scheduler production() {
    return ThreadScheduler.PRODUCTION;
  }
}
