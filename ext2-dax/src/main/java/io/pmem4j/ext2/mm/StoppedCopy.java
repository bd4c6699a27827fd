// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

/**
 * The length of a copy around the cache that a byte of its source ends, as {@code
 * copy_to_nontemporal} of Linux 6.12 (arch/x86/lib/copy_user_uncached_64.S) leaves it: the head up
 * to a multiple of 8 in pieces of 1, 2 and 4 bytes, then words, then one piece of 4.
 */
final class StoppedCopy {
  private StoppedCopy() {}

  /**
   * Returns the number of bytes that are copied.
   *
   * @param address of the target
   * @param available bytes that can be read
   * @param asked bytes of the whole copy, more than are available
   */
  static int length(long address, int available, int asked) {
    int done = 0;
    for (int piece = 1; piece < 8; piece *= 2) {
      if (((address + done) & piece) != 0 && asked - done >= piece) {
        if (available - done < piece) {
          return done;
        }
        done += piece;
      }
    }
    while (asked - done >= 8) {
      if (available - done < 8) {
        return available - done < 4 ? done : done + 4;
      }
      done += 8;
    }
    for (int piece = 4; piece > 0; piece /= 2) {
      if (((asked - done) & piece) != 0) {
        if (available - done < piece) {
          return done;
        }
        done += piece;
      }
    }
    return done;
  }
}
