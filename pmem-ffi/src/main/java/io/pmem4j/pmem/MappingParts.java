// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.pmem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The replaceable parts of a mapping.
 *
 * @param guards makes the guard that keeps the mapping in place
 * @param force msync of a range, {@link NativePages#msync}; stores that need no msync are written
 *     back by {@link MemorySegment#force} in any case
 * @param steps called at each step of the creation of a file
 */
record MappingParts(
    Function<Arena, UseGuard> guards, RangeForce force, Consumer<CreationStep> steps) {

  /** Writes a part of a mapped range back. */
  @FunctionalInterface
  interface RangeForce {
    /**
     * Writes the part back. The range is no slice: one made for each call would be on the heap
     * wherever the call is not inlined.
     */
    void force(RawMapping range, long offset, long length);
  }

  static final MappingParts STANDARD = new MappingParts(UseGuard::of, NativePages::msync, _ -> {});
}
