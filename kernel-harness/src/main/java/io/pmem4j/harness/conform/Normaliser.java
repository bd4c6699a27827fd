// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.conform;

import java.util.List;

/**
 * All that may differ between two images and still be called equal. Reports print {@link #RULES}
 * whole. Times, process ids and generations are not here: they are made equal before, see {@link
 * io.pmem4j.harness.backend.KernelChoices}.
 */
final class Normaliser {
  /** What is not compared, and why; everything else is, byte for byte. */
  static final List<String> RULES =
      List.of(
          "free blocks are not compared: a freed indirect block holds stale pointers or zeros,"
              + " depending on when writeback ran");

  private Normaliser() {}

  /** Whether a block is compared. */
  static boolean compares(boolean usedOnTheLeft, boolean usedOnTheRight) {
    return usedOnTheLeft || usedOnTheRight;
  }
}
