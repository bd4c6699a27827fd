// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Where libpmem has mapped files in this JVM. Native code must not read there: a page that is gone
 * is a SIGBUS, and outside of Java code that ends the JVM. Segments of the JDK's own mappings know
 * what they are; those made from libpmem's addresses do not. Thread-safe.
 */
final class MappedRanges {
  /** Ends, exclusive, by their starts. */
  private static final ConcurrentSkipListMap<Long, Long> ENDS = new ConcurrentSkipListMap<>();

  private MappedRanges() {}

  static void add(long address, long length) {
    ENDS.put(address, address + length);
  }

  static void remove(long address) {
    ENDS.remove(address);
  }

  /** Whether all of the segment is memory that cannot go away under native code. */
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
