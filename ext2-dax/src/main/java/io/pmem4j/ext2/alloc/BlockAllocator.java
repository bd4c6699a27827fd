// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.ReservationWindow.Range;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.lock.OrderedMutex;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.HeldGroup;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.sched.Scheduler;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Blocks: {@code ext2_new_blocks} and {@code ext2_free_blocks}. The same calls in the same order on
 * the same image take the same blocks as the kernel. Thread-safe: each group's bitmap and counter
 * change under the group's lock.
 *
 * <p>A file with a reservation window takes its blocks from there, which keeps files apart that
 * grow at the same time. Free blocks in the windows of others are taken only when there are no
 * others.
 */
public final class BlockAllocator {
  /** The limit of free bits that a search without a goal steps back over. */
  private static final int STEPS_BACK = 7;

  private final Volume volume;
  private final Geometry geometry;
  private final ReservationWindows windows;

  /** The free blocks: {@code s_freeblocks_counter}. */
  private final ApproximateCounter freeBlocks;

  /** The allocator of a volume. */
  public BlockAllocator(Volume volume) {
    this.volume = volume;
    this.geometry = volume.geometry();
    Scheduler scheduler = volume.instrumentation().scheduler();
    this.windows =
        new ReservationWindows(
            scheduler,
            new OrderedMutex(
                scheduler, volume.validator(), LockClass.RSV_WINDOW_LOCK, "s_rsv_window_lock"));
    this.freeBlocks = ApproximateCounter.of(volume, HeldGroup::freeBlocksCount);
  }

  /** Returns the free blocks of the volume, as the choice of a group knows them. */
  ApproximateCounter freeBlocks() {
    return freeBlocks;
  }

  /** {@code ext2_init_block_alloc_info}: an empty window; of no use where the mount has none. */
  public ReservationWindow newWindow() {
    return new ReservationWindow(
        volume.options().noreservation() ? 0 : ReservationWindow.DEFAULT_BLOCKS);
  }

  /** {@code ext2_discard_reservation}: gives the blocks of a window up, if it has any. */
  public void discard(ReservationWindow window) {
    windows.discard(window);
  }

  /**
   * {@code ext2_new_blocks}: takes a run of blocks, as near to the goal as the kernel's rules say.
   * A damaged bitmap may offer blocks of metadata: they stay marked as used, the error is recorded,
   * and the search goes on.
   *
   * @param who the identity that asks
   * @param reservation the window of the file; null for what has none
   * @param goal where it should begin; out of range means the beginning of the file system
   * @param wanted the longest run wanted
   * @return a run of one to {@code wanted} blocks
   * @throws Ext2Exception ENOSPC
   */
  public BlockRun newBlocks(
      Credentials who, @Nullable ReservationWindow reservation, long goal, int wanted)
      throws Ext2Exception {
    if (!volume.hasFreeBlocks(freeBlocks.get(), who)) {
      throw new Ext2Exception(Errno.ENOSPC, "the last blocks are reserved");
    }
    long first = geometry.firstDataBlock();
    long start = goal < first || goal >= geometry.blocksCount() ? first : goal;
    int goalGroup = geometry.groupOfBlock(start);
    int inGroup = (int) (start - geometry.groupFirstBlock(goalGroup));
    int windowBlocks = reservation == null ? 0 : reservation.goalBlocks();
    ReservationWindow window = windowBlocks == 0 ? null : reservation;
    int group = goalGroup;
    while (true) {
      int free = volume.descriptor(group).freeBlocksCount();
      if (window != null && free > 0 && free < windowBlocks && window.range().isEmpty()) {
        // Not enough for a window.
        window = null;
      }
      BlockRun run = search(window, windowBlocks, group, inGroup, wanted);
      if (run != null) {
        group = geometry.groupOfBlock(run.first());
        if (!overlapsMetadata(volume.descriptor(group), run.first(), run.count())) {
          freeBlocks.add(-run.count());
          return run;
        }
        volume.error(
            "allocating block in system zone - blocks from %d, length %d"
                .formatted(run.first(), run.count()));
      } else if (window != null) {
        // The rest may be in the windows of other files.
        window = null;
        group = goalGroup;
      } else {
        throw new Ext2Exception(Errno.ENOSPC, "no free block");
      }
    }
  }

  /** Tries each group; null if none has a block, or none outside of windows. */
  private @Nullable BlockRun search(
      @Nullable ReservationWindow window, int windowBlocks, int first, int goal, int wanted) {
    int groups = geometry.groupsCount();
    BlockRun run = tryGroup(window, first, goal, wanted);
    // The goal's group comes once more at the end, from its beginning.
    for (int i = 1; run == null && i <= groups; i++) {
      int group = (first + i) % groups;
      int free = volume.descriptor(group).freeBlocksCount();
      if (window == null || free > windowBlocks / 2) {
        run = tryGroup(window, group, -1, wanted);
      }
    }
    return run;
  }

  private @Nullable BlockRun tryGroup(
      @Nullable ReservationWindow window, int group, int goal, int wanted) {
    if (volume.descriptor(group).freeBlocksCount() == 0) {
      return null;
    }
    checkBitmap(group);
    return window == null
        ? takeRun(group, goal, wanted, Range.NONE)
        : takeFromWindow(window, group, goal, wanted);
  }

  /**
   * {@code ext2_try_to_allocate_with_rsv}: takes a run from a window, which is moved first if it is
   * not where the goal is, and each time that it has no free block.
   */
  private @Nullable BlockRun takeFromWindow(
      ReservationWindow window, int group, int wish, int wanted) {
    long groupFirst = geometry.groupFirstBlock(group);
    long groupLast = geometry.groupLastBlock(group);
    int goal = wish;
    BlockRun run = null;
    for (boolean moves = false; run == null; moves = true) {
      Range range = window.range();
      if (moves || range.isEmpty() || !suits(range, goal, groupFirst, groupLast)) {
        window.growFor(wanted);
        range =
            windows.reserve(
                window,
                groupFirst + Math.max(goal, 0),
                groupLast,
                block -> firstFree(group, block));
        if (range.isEmpty()) {
          return null;
        }
        if (!suits(range, goal, groupFirst, groupLast)) {
          goal = -1;
        }
      } else if (goal >= 0) {
        long left = range.last() - (goal + groupFirst) + 1;
        if (left < wanted) {
          windows.extend(window, wanted - left);
          range = window.range();
        }
      }
      run = takeRun(group, goal, wanted, range);
    }
    window.hit(run.count());
    return run;
  }

  /** {@code goal_in_my_reservation}: the goal, or without one any block of the group. */
  private static boolean suits(Range range, int goal, long groupFirst, long groupLast) {
    return range.first() <= groupLast
        && range.last() >= groupFirst
        && (goal < 0 || range.contains(goal + groupFirst));
  }

  /** The first free block of a group at or after a block, or {@link ReservationWindows#FULL}. */
  private long firstFree(int group, long from) {
    try (var _ = volume.lockGroup(group)) {
      long groupFirst = geometry.groupFirstBlock(group);
      int end = (int) (geometry.groupLastBlock(group) - groupFirst + 1);
      int bit = bitmap(volume.descriptor(group)).nextZero((int) (from - groupFirst), end);
      return bit < end ? groupFirst + bit : ReservationWindows.FULL;
    }
  }

  /**
   * {@code ext2_try_to_allocate}: the bitmap alone says how many blocks there are, whatever the
   * counter says, which then wraps.
   *
   * @param within the blocks to choose from; if empty, all of the group
   */
  private @Nullable BlockRun takeRun(int group, int goal, int wanted, Range within) {
    HeldGroup descriptor = volume.descriptor(group);
    try (var _ = volume.lockGroup(group)) {
      if (descriptor.freeBlocksCount() == 0) {
        return null;
      }
      long groupFirst = geometry.groupFirstBlock(group);
      int end = (int) (geometry.groupLastBlock(group) - groupFirst + 1);
      Bitmap bitmap = bitmap(descriptor);
      int start = 0;
      if (!within.isEmpty()) {
        start = (int) Math.max(within.first() - groupFirst, 0);
        end = (int) Math.min(within.last() - groupFirst + 1, end);
      }
      boolean near = goal >= start && goal < end;
      int bit;
      if (near) {
        bit = bitmap.nextZero(goal, end);
      } else if (within.isEmpty()) {
        bit = bitmap.nextZero(searchStart(bitmap, end), end);
      } else {
        bit = bitmap.nextUsable(start, end);
      }
      if (bit >= end) {
        return null;
      }
      int count = 0;
      while (count < wanted && bit + count < end && !bitmap.get(bit + count)) {
        count++;
      }
      long first = groupFirst + bit;
      for (int i = 0; i < count; i++) {
        bitmap.set(bit + i);
        volume.instrumentation().scheduler().observed(Observation.TAKES_BLOCK, first + i, 0);
      }
      bitmap.flush(volume.order(), bit, count);
      if (!overlapsMetadata(descriptor, first, count)) {
        descriptor.freeBlocksCount(descriptor.freeBlocksCount() - count);
      }
      markDirty(descriptor);
      return new BlockRun(first, count);
    }
  }

  /** A whole free byte if there is one, else any bit; then back over a few free bits before it. */
  private static int searchStart(Bitmap bitmap, int end) {
    int bit = bitmap.firstZeroByte(end);
    if (bit >= end) {
      bit = bitmap.nextZero(0, end);
    }
    for (int i = 0; i < STEPS_BACK && bit > 0 && bit < end && !bitmap.get(bit - 1); i++) {
      bit--;
    }
    return bit;
  }

  /**
   * Gives blocks back. What is wrong with the request is reported to the volume and skipped, as in
   * the kernel.
   *
   * @return how many bits were really cleared
   */
  public int freeBlocks(long first, int count) {
    if (!geometry.dataBlocksValid(first, count)) {
      volume.error("freeing blocks not in datazone: block " + first + ", count " + count);
      return 0;
    }
    int freed = freeInGroups(first, count);
    freeBlocks.add(freed);
    return freed;
  }

  private int freeInGroups(long first, int count) {
    int freed = 0;
    long block = first;
    long end = first + count;
    while (block < end) {
      int group = geometry.groupOfBlock(block);
      long groupEnd = geometry.groupLastBlock(group) + 1;
      int inGroup = (int) (Math.min(end, groupEnd) - block);
      checkBitmap(group);
      if (overlapsMetadata(volume.descriptor(group), block, inGroup)) {
        volume.error("freeing blocks in system zones: block " + block + ", count " + inGroup);
        return freed;
      }
      freed += freeInGroup(group, block, inGroup);
      block += inGroup;
    }
    return freed;
  }

  private int freeInGroup(int group, long block, int count) {
    HeldGroup descriptor = volume.descriptor(group);
    int cleared = 0;
    List<Long> alreadyClear = new ArrayList<>();
    try (var _ = volume.lockGroup(group)) {
      Bitmap bitmap = bitmap(descriptor);
      int bit = (int) (block - geometry.groupFirstBlock(group));
      for (int i = 0; i < count; i++) {
        if (bitmap.clear(bit + i)) {
          volume.instrumentation().scheduler().observed(Observation.FREES_BLOCK, block + i, 0);
          cleared++;
        } else {
          alreadyClear.add(block + i);
        }
      }
      descriptor.freeBlocksCount(descriptor.freeBlocksCount() + cleared);
      markDirty(descriptor);
    }
    alreadyClear.forEach(each -> volume.error("bit already cleared for block " + each));
    return cleared;
  }

  /**
   * {@code ext2_valid_block_bitmap}, when the bitmap is used for the first time: the group's own
   * blocks must be set in it. If they are not, that is an error of the medium, and the bitmap is
   * used all the same.
   */
  private void checkBitmap(int group) {
    HeldGroup descriptor = volume.descriptor(group);
    if (!descriptor.isFirstUseOfBitmap()) {
      return;
    }
    // No lock: nobody changes the bits of the group's own blocks.
    Bitmap bitmap = bitmap(descriptor);
    long groupFirst = geometry.groupFirstBlock(group);
    int first = (int) (descriptor.inodeTable() - groupFirst);
    int end = first + geometry.inodeTableBlocks();
    if (!bitmap.get((int) (descriptor.blockBitmap() - groupFirst))
        || !bitmap.get((int) (descriptor.inodeBitmap() - groupFirst))
        || bitmap.nextZero(first, end) < end) {
      volume.error("invalid block bitmap of group " + group + ": the group's own blocks are free");
    }
  }

  private Bitmap bitmap(HeldGroup descriptor) {
    return new Bitmap(volume.memory(), geometry.offsetOf(descriptor.blockBitmap()));
  }

  private void markDirty(HeldGroup descriptor) {
    volume.dirtyBlocks().mark(descriptor.blockBitmap());
    volume.dirtyBlocks().markBytes(descriptor.offset());
    if (volume.options().sync()) {
      volume.dirtyBlocks().writeOut(descriptor.blockBitmap());
    }
  }

  private boolean overlapsMetadata(HeldGroup descriptor, long first, int count) {
    long last = first + count - 1;
    long table = descriptor.inodeTable();
    long tableLast = table + geometry.inodeTableBlocks() - 1;
    return inRange(descriptor.blockBitmap(), first, last)
        || inRange(descriptor.inodeBitmap(), first, last)
        || inRange(first, table, tableLast)
        || inRange(last, table, tableLast);
  }

  private static boolean inRange(long block, long first, long last) {
    return block >= first && block <= last;
  }
}
