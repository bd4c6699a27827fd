// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

/**
 * State that tasks share and that is no lock: a field, a table, a bitmap. Its owner calls {@link
 * #load} and {@link #store} before each read and change, so that an explorer can let another task
 * run in between. Costs one virtual call in production.
 *
 * <p>Thread-safe. Orders nothing between threads.
 */
public final class SharedState implements Classified {
  private final Scheduler scheduler;
  private final Enum<?> kind;
  private final long number;

  /** Makes the only piece of its kind that tasks of one run can meet. */
  public SharedState(Scheduler scheduler, Enum<?> kind) {
    this(scheduler, kind, 0);
  }

  /**
   * Makes one of several pieces of a kind.
   *
   * @param number tells it from others of its kind, such as the number of an inode
   */
  public SharedState(Scheduler scheduler, Enum<?> kind, long number) {
    this.scheduler = scheduler;
    this.kind = kind;
    this.number = number;
  }

  @Override
  public Enum<?> kind() {
    return kind;
  }

  /** Returns the number given at construction; 0 if there was none. */
  public long number() {
    return number;
  }

  /** Announces that the caller is about to read it. The caller holds no monitor. */
  public void load() {
    scheduler.yieldPoint(Scheduler.Point.LOAD, this);
  }

  /** Announces that the caller is about to change it. The caller holds no monitor. */
  public void store() {
    scheduler.yieldPoint(Scheduler.Point.STORE, this);
  }

  /** Records what the running step found or did, see {@link Scheduler#observed}. */
  public void observed(Enum<?> what) {
    scheduler.observed(what, 0, 0);
  }

  /** Records what the running step found or did, see {@link Scheduler#observed}. */
  public void observed(Enum<?> what, long value) {
    scheduler.observed(what, value, 0);
  }

  /** Records what the running step found or did, see {@link Scheduler#observed}. */
  public void observed(Enum<?> what, long first, long second) {
    scheduler.observed(what, first, second);
  }

  @Override
  public String toString() {
    return kind + " " + number;
  }
}
