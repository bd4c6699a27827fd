// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

/**
 * State that tasks share and that is no lock: a field, a table, a bitmap. Its owner calls {@link
 * #load} and {@link #store} before each read and change, so that an explorer can let another task
 * run in between. Costs one virtual call in production.
 *
 * <p>Thread-safe. Orders nothing between threads.
 */
public final class SharedState {
  private final Scheduler scheduler;
  private final String name;

  /**
   * Makes a named piece of shared state.
   *
   * @param name names the state in schedules
   */
  public SharedState(Scheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
  }

  /** Announces that the caller is about to read it. The caller holds no monitor. */
  public void load() {
    scheduler.yieldPoint(Scheduler.Point.LOAD, this);
  }

  /** Announces that the caller is about to change it. The caller holds no monitor. */
  public void store() {
    scheduler.yieldPoint(Scheduler.Point.STORE, this);
  }

  /** Records a value that was read or written, see {@link Scheduler#note(String)}. */
  public void note(String words) {
    scheduler.note(words);
  }

  /** Records a number that was read or written, see {@link Scheduler#note(String, long)}. */
  public void note(String words, long value) {
    scheduler.note(words, value);
  }

  @Override
  public String toString() {
    return name;
  }
}
