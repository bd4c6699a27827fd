// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.sched;

/**
 * Something that tasks share and no lock of this package is: a field, a table, a bitmap. Its owner
 * calls {@link #load} and {@link #store} before it reads and changes it, so that an explorer can
 * let another task run in between. Costs one virtual call in production.
 *
 * <p>Thread-safe. Orders nothing between threads.
 */
public final class Shared {
  private final Scheduler scheduler;
  private final String name;

  /**
   * Something shared.
   *
   * @param name what it is, for schedules
   */
  public Shared(Scheduler scheduler, String name) {
    this.scheduler = scheduler;
    this.name = name;
  }

  /** The caller, who holds no monitor, is about to read it. */
  public void load() {
    scheduler.yieldPoint(Scheduler.Point.LOAD, this);
  }

  /** The caller, who holds no monitor, is about to change it. */
  public void store() {
    scheduler.yieldPoint(Scheduler.Point.STORE, this);
  }

  /** What was read or written, see {@link Scheduler#note(String)}. */
  public void note(String words) {
    scheduler.note(words);
  }

  /** The same with a value, see {@link Scheduler#note(String, long)}. */
  public void note(String words, long value) {
    scheduler.note(words, value);
  }

  @Override
  public String toString() {
    return name;
  }
}
