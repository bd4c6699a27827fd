// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;

/**
 * The events of JDK Flight Recorder and the counters of {@link PmemStatistics}. Neither costs a
 * measurable time while it is off: a persist then tests two flags. Without the module {@code
 * jdk.jfr} there are no events.
 */
final class PmemEvents {
  /** False if the module is missing; {@link FlightEvents} must not be touched then. */
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  /** True while {@link PmemStatistics} counts. Not volatile: a thread may learn it late. */
  static boolean counting;

  static final LongAdder PERSISTS = new LongAdder();
  static final LongAdder PERSISTED_BYTES = new LongAdder();
  static final LongAdder DEEP_PERSISTS = new LongAdder();
  static final LongAdder EXTENSIONS = new LongAdder();
  static final LongAdder CLOSES = new LongAdder();
  static final LongAdder FAULTS = new LongAdder();
  static final LongAdder FAILURES = new LongAdder();

  private PmemEvents() {}

  /** Returns true if a persist is to be recorded or counted. */
  static boolean observesPersists() {
    return counting || (PRESENT && FlightEvents.recordsPersists());
  }

  /** Makes a persist, records and counts it. */
  static void persist(Path path, long offset, long length, Runnable work) {
    if (counting) {
      PERSISTS.increment();
      PERSISTED_BYTES.add(length);
    }
    if (PRESENT) {
      FlightEvents.persist(path, offset, length, work);
    } else {
      work.run();
    }
  }

  /** Makes a deep persist, records and counts it. */
  static void deepPersist(Path path, long offset, long length, Runnable work) {
    if (counting) {
      DEEP_PERSISTS.increment();
    }
    if (PRESENT) {
      FlightEvents.deepPersist(path, offset, length, work);
    } else {
      work.run();
    }
  }

  static void extended(Path path, long from, long to) {
    if (counting) {
      EXTENSIONS.increment();
    }
    if (PRESENT) {
      FlightEvents.extended(path, from, to - from);
    }
  }

  static void closed(Path path, long length) {
    if (counting) {
      CLOSES.increment();
    }
    if (PRESENT) {
      FlightEvents.closed(path, length);
    }
  }

  static void fault(Path path, long offset, long length) {
    if (counting) {
      FAULTS.increment();
    }
    if (PRESENT) {
      FlightEvents.fault(path, offset, length);
    }
  }

  static void failed(PmemException reason) {
    if (counting) {
      FAILURES.increment();
    }
    if (PRESENT) {
      FlightEvents.failed(reason);
    }
  }
}
