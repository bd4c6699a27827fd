// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The address ranges of the files that this library has mapped. Native code must not read there: a
 * missing page raises SIGBUS, which outside Java code ends the JVM. Segments that the JDK has
 * mapped say so themselves; segments made from raw addresses do not. Thread-safe.
 */
final class MappedRanges {
  /** The exclusive ends of the ranges, by their starts. */
  private static final ConcurrentSkipListMap<Long, Long> ENDS = new ConcurrentSkipListMap<>();

  private MappedRanges() {}

  static void add(long address, long length) {
    ENDS.put(address, address + length);
  }

  static void remove(long address) {
    ENDS.remove(address);
  }

  /** Returns true if no part of the segment can lose its memory under native code. */
  static boolean isTrusted(MemorySegment segment) {
    if (!segment.isNative()) {
      return true;
    }
    if (segment.isMapped()) {
      return false;
    }
    long start = segment.address();
    Map.Entry<Long, Long> below = ENDS.lowerEntry(start + segment.byteSize());
    return below == null || below.getValue() <= start;
  }
}
