// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.explore;

/**
 * Words for the constants that a program announces and observes. They appear in the interleavings
 * that people read; nothing is decided by them.
 */
public interface Vocabulary {
  /** A vocabulary that shows constants by their names. */
  Vocabulary NAMES =
      new Vocabulary() {
        @Override
        public String state(Enum<?> kind, long number) {
          return kind + " " + number;
        }

        @Override
        public String observation(Enum<?> what, long first, long second) {
          return what + " " + first + " " + second;
        }
      };

  /**
   * Returns the words for a piece of shared state.
   *
   * @param kind the kind of state
   * @param number tells it from others of its kind
   */
  String state(Enum<?> kind, long number);

  /**
   * Returns the words for what a step found or did.
   *
   * @param what says what the values are
   * @param first 0 if {@code what} has no value
   * @param second 0 if {@code what} has fewer than two values
   */
  String observation(Enum<?> what, long first, long second);
}
