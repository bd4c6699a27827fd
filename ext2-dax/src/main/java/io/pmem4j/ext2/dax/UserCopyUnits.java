// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dax;

/**
 * The units in which the kernel accesses the memory of a program. A unit that reaches into a page
 * that faults is not accessed.
 */
public enum UserCopyUnits {
  /** Linux 5.10: zeros by words of 8 bytes, data to the byte. */
  LINUX_5_10(Long.BYTES, 1),
  /** Linux 6.1, on processors with a fast {@code rep stosb}: zeros and data to the byte. */
  LINUX_6_1(1, 1),
  /** Linux 6.12: as 6.1, and what a write copies around the cache by words of 8 bytes. */
  LINUX_6_12(1, Long.BYTES);

  private final int zeros;
  private final int written;

  UserCopyUnits(int zeros, int written) {
    this.zeros = zeros;
    this.written = written;
  }

  /** Returns the unit of {@code __clear_user}, 1 or 8 bytes. */
  int zeros() {
    return zeros;
  }

  /** Returns the unit of {@code __copy_user_flushcache}, 1 or 8 bytes. */
  int written() {
    return written;
  }
}
