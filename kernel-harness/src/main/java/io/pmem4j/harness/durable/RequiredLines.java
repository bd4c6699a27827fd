// SPDX-License-Identifier: Apache-2.0

package io.pmem4j.harness.durable;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The stores that a call promises to make durable, as the last one of each line. */
final class RequiredLines {
  private final long begun;
  private final Map<Integer, Lines> lines = new TreeMap<>();

  /** For each line the moment of the store; 0 for none. */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record Lines(TrackedBlock block, long[] times) {}

  RequiredLines(long begun) {
    this.begun = begun;
  }

  /** Adds the lines of a block that are settled and not durable. */
  void add(TrackedBlock block) {
    for (long rest = block.settledUndurable(); rest != 0; rest &= rest - 1) {
      int line = Long.numberOfTrailingZeros(rest);
      require(block, line, block.settledAt(line));
    }
  }

  /** Adds a store of the call itself. */
  void add(TrackedBlock block, long mask, long time) {
    for (long rest = mask; rest != 0; rest &= rest - 1) {
      require(block, Long.numberOfTrailingZeros(rest), time);
    }
  }

  private void require(TrackedBlock block, int line, long time) {
    Lines of =
        lines.computeIfAbsent(block.index, _ -> new Lines(block, new long[TrackedBlock.LINES]));
    of.times[line] = Math.max(of.times[line], time);
  }

  /** A store that is lacking on the medium. */
  record Lacking(TrackedBlock block, int line, long time) {}

  /**
   * Goes through the stores that are lacking. A block that another operation has filled since the
   * call began was freed and given away meanwhile: its old content is promised no more.
   */
  void forEachLacking(LineTracker tracker, Consumer<Lacking> listener) {
    for (Lines each : lines.values()) {
      for (int line = 0; line < TrackedBlock.LINES; line++) {
        long time = each.times[line];
        boolean givenAway = time <= begun && each.block.cleared > begun;
        if (time > 0 && !givenAway && each.block.lacks(tracker.memory(), line, time)) {
          listener.accept(new Lacking(each.block, line, time));
        }
      }
    }
  }
}
