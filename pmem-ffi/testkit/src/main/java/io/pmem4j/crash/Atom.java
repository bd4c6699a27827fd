// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.crash;

import org.jspecify.annotations.Nullable;

/**
 * The part of a store in one aligned word of 8 bytes, which becomes durable as a whole. Mutable:
 * the enumeration chooses it and drops it, and later durable stores overwrite its bytes.
 */
final class Atom {
  /** The index of the store in the trace. */
  final int event;

  /** The thread of the store. */
  final int thread;

  /** The batch; atoms of one batch and line have no order. */
  final int batch;

  final PendingWord word;
  final long bits;

  /** The bytes that the atom can still change. */
  long mask;

  /** The unit that the atom is pending in; null if its store was durable at once. */
  @Nullable OrderedUnit unit;

  /** True in a state whose medium has the atom. */
  boolean chosen;

  Atom(int event, int thread, int batch, PendingWord word, long mask, long bits) {
    this.event = event;
    this.thread = thread;
    this.batch = batch;
    this.word = word;
    this.mask = mask;
    this.bits = bits;
  }

  long applyTo(long value) {
    return (value & ~mask) | (bits & mask);
  }

  boolean overlaps(Atom other) {
    return word == other.word && (mask & other.mask) != 0;
  }
}
