// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

/**
 * Counters of all regions and files of this JVM, for gauges. They count only between {@link #start}
 * and {@link #stop}; a thread in a compiled loop may notice either late.
 *
 * <p>The same calls are events of JDK Flight Recorder: {@code pmem4j.Persist} and {@code
 * pmem4j.DeepPersist} from one millisecond on, {@code pmem4j.Extend}, {@code pmem4j.Close}, {@code
 * pmem4j.Fault} and {@code pmem4j.PersistFailed}.
 *
 * @param persists calls of {@link PmemRegion#persist}, and of {@code publishLong} and others that
 *     persist
 * @param persistedBytes the sum of their lengths
 * @param deepPersists calls of {@link PmemRegion#deepPersist}
 * @param extensions calls of {@link PmemFile#extend} that made the file longer
 * @param closes regions unmapped
 * @param faults accesses that found no memory
 * @param failures files failed for good
 */
public record PmemStatistics(
    long persists,
    long persistedBytes,
    long deepPersists,
    long extensions,
    long closes,
    long faults,
    long failures) {

  /** Starts to count, from where the counters are. */
  public static void start() {
    PmemEvents.counting = true;
  }

  /** Stops to count; the counters stay. */
  public static void stop() {
    PmemEvents.counting = false;
  }

  /** Returns the counters, each of its own moment. */
  public static PmemStatistics now() {
    return new PmemStatistics(
        PmemEvents.PERSISTS.sum(),
        PmemEvents.PERSISTED_BYTES.sum(),
        PmemEvents.DEEP_PERSISTS.sum(),
        PmemEvents.EXTENSIONS.sum(),
        PmemEvents.CLOSES.sum(),
        PmemEvents.FAULTS.sum(),
        PmemEvents.FAILURES.sum());
  }
}
