// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

/**
 * The blocks that one file allocates from before other files do: {@code ext2_reserve_window_node}.
 * It exists in memory only and is advisory: a block belongs to a file when its bit is set, and a
 * file without a window may take it.
 *
 * <p>The range changes under {@code s_rsv_window_lock}, and is read without. A task works on the
 * range it has read: a fault and a change of attributes may allocate for one file at a time.
 * Thread-safe.
 */
public final class ReservationWindow {
  /** Blocks of a new window: {@code EXT2_DEFAULT_RESERVE_BLOCKS}. */
  static final int DEFAULT_BLOCKS = 8;

  /** Blocks of the largest window: {@code EXT2_MAX_RESERVE_BLOCKS}. */
  public static final int MOST_BLOCKS = 1027;

  private volatile Range range = Range.NONE;
  private volatile int goalBlocks;
  private volatile int hits;

  /**
   * An empty window.
   *
   * @param goalBlocks blocks it will have; 0 for a file that allocates without one
   */
  ReservationWindow(int goalBlocks) {
    this.goalBlocks = goalBlocks;
  }

  /**
   * A range of blocks. Block 0 holds the boot sector, so that no range ends with it.
   *
   * @param first the first block
   * @param last the last block; 0 for an empty range
   */
  record Range(long first, long last) {
    static final Range NONE = new Range(0, 0);

    boolean isEmpty() {
      return last == 0;
    }

    long blocks() {
      return last - first + 1;
    }

    boolean contains(long block) {
      return block >= first && block <= last;
    }
  }

  /** Returns the reserved blocks: {@code rsv_window}. */
  Range range() {
    return range;
  }

  /** Sets the reserved blocks and forgets the hits; {@code s_rsv_window_lock} is held. */
  void moveTo(Range blocks) {
    range = blocks;
    hits = 0;
  }

  /** Appends blocks; {@code s_rsv_window_lock} is held. */
  void extendTo(long last) {
    range = new Range(range.first(), last);
  }

  /** Returns the number of blocks that the next window will have: {@code rsv_goal_size}. */
  public int goalBlocks() {
    return goalBlocks;
  }

  /** Sets the number of blocks of the next window, 0 for none: EXT2_IOC_SETRSVSZ. */
  public void goalBlocks(int blocks) {
    goalBlocks = Math.min(blocks, MOST_BLOCKS);
  }

  /** Makes the next window large enough for an allocation. */
  void growFor(int wanted) {
    goalBlocks = Math.max(goalBlocks, wanted);
  }

  /** Doubles the next window if more than a half of this one was used. */
  void growIfUsed() {
    if (hits > range.blocks() / 2) {
      goalBlocks = Math.min(goalBlocks * 2, MOST_BLOCKS);
    }
  }

  /** Counts blocks that were allocated from the window: {@code rsv_alloc_hit}. */
  void hit(int blocks) {
    int before = hits;
    hits = before + blocks;
  }

  @Override
  public String toString() {
    return range.isEmpty() ? "no blocks" : range.first() + " to " + range.last();
  }
}
