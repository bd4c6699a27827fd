// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.backend;

/**
 * {@code i_generation} starts at a random number per mount and counts up: told as the distance from
 * the first one that a session sees.
 */
final class Generations {
  private boolean seen;
  private int first;

  String relative(int generation) {
    if (!seen) {
      seen = true;
      first = generation;
    }
    return "+" + Integer.toUnsignedString(generation - first);
  }
}
