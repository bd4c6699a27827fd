// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.mm;

import org.jspecify.annotations.Nullable;

/**
 * The anchor of a VMA's private copies: {@code vma->anon_vma} by its identity, and the length of
 * {@code vma->anon_vma_chain}. Two VMAs that differ in it are not joined. Immutable. Source:
 * mm/rmap.c, mm/mmap.c.
 *
 * @param identity of the anon_vma
 * @param chain its ancestors since fork(2), and itself
 */
record AnonVma(Object identity, int chain) {
  /** A VMA's first one. */
  static AnonVma first() {
    return new AnonVma(new Object(), 1);
  }

  /** {@code anon_vma_fork}: that of the twin in a child. */
  AnonVma forked() {
    return new AnonVma(new Object(), chain + 1);
  }

  /** {@code list_is_singular} of the chain. */
  boolean singular() {
    return chain == 1;
  }

  /**
   * {@code is_mergeable_anon_vma}, asked for a range that is to become a part of a neighbour. A
   * neighbour without copies has an empty chain, and takes in no range that has some.
   */
  static boolean joins(@Nullable AnonVma range, @Nullable AnonVma neighbour) {
    if (range == null && neighbour != null && neighbour.singular()) {
      return true;
    }
    return same(range, neighbour);
  }

  /** The same for the two neighbours of a range that joins both. */
  static boolean join(@Nullable AnonVma low, @Nullable AnonVma high) {
    return low == null || high == null || same(low, high);
  }

  @SuppressWarnings("ReferenceEquality") // identity is what counts
  private static boolean same(@Nullable AnonVma one, @Nullable AnonVma other) {
    if (one == null || other == null) {
      return one == other;
    }
    return one.identity == other.identity;
  }
}
