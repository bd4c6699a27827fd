// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import java.util.List;

/**
 * All that may differ between two images and still be called equal. Reports print {@link #RULES}
 * whole.
 *
 * <p>Not thread-safe: one object for one pair of images.
 */
final class Normaliser {
  /** What is forgiven, and why; nothing else is. */
  static final List<String> RULES =
      List.of(
          "free blocks are not compared: a freed indirect block holds stale pointers or zeros,"
              + " depending on when writeback ran",
          "i_generation may differ by one number per pair of images, the same for every inode:"
              + " the kernel draws its first generation at random per mount");

  private static final int GENERATION_OFFSET = 100;

  private boolean shiftKnown;
  private int shift;

  /** Where a difference lies. */
  record Place(long block, boolean inodeTable, int inodeBytes) {}

  /**
   * Whether the difference at a byte of two blocks is forgiven. Asked for the first byte of an
   * aligned 32-bit word in which the blocks differ.
   */
  boolean forgives(Place place, int offset, int left, int right) {
    if (!place.inodeTable() || offset % place.inodeBytes() != GENERATION_OFFSET) {
      return false;
    }
    if (!shiftKnown) {
      shiftKnown = true;
      shift = right - left;
    }
    return right - left == shift;
  }
}
