// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.HeldGroup;
import io.pmem4j.ext2.volume.Volume;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Blocks: {@code ext2_new_blocks} and {@code ext2_free_blocks} without reservation windows. The
 * same calls in the same order on the same image take the same blocks as the kernel. Thread-safe:
 * each group's bitmap and counter change under the group's lock.
 *
 * <p>The file system is used by root alone, so the reserve of the super-user stops nobody.
 */
public final class BlockAllocator {
  /** The limit of free bits that a search without a goal steps back over. */
  private static final int STEPS_BACK = 7;

  private final Volume volume;
  private final Geometry geometry;

  /** The allocator of a volume. */
  public BlockAllocator(Volume volume) {
    this.volume = volume;
    this.geometry = volume.geometry();
  }

  /**
   * {@code ext2_new_blocks}: takes a run of blocks, as near to the goal as the kernel's rules say.
   * A damaged bitmap may offer blocks of metadata: they stay marked as used, the error is recorded,
   * and the search goes on.
   *
   * @param goal where it should begin; out of range means the beginning of the file system
   * @param wanted the longest run wanted
   * @return a run of one to {@code wanted} blocks
   * @throws Ext2Exception ENOSPC
   */
  public BlockRun newBlocks(long goal, int wanted) throws Ext2Exception {
    long first = geometry.firstDataBlock();
    long start = goal < first || goal >= geometry.blocksCount() ? first : goal;
    int group = geometry.groupOfBlock(start);
    int inGroup = (int) (start - geometry.groupFirstBlock(group));
    while (true) {
      BlockRun run = search(group, inGroup, wanted);
      group = geometry.groupOfBlock(run.first());
      if (!overlapsMetadata(volume.descriptor(group), run.first(), run.count())) {
        return run;
      }
      volume.error(
          "allocating block in system zone - blocks from %d, length %d"
              .formatted(run.first(), run.count()));
    }
  }

  private BlockRun search(int goalGroup, int goal, int wanted) throws Ext2Exception {
    int groups = geometry.groupsCount();
    BlockRun run = tryGroup(goalGroup, goal, wanted);
    // The goal's group comes once more at the end, from its beginning.
    for (int i = 1; run == null && i <= groups; i++) {
      run = tryGroup((goalGroup + i) % groups, -1, wanted);
    }
    if (run == null) {
      throw new Ext2Exception(Errno.ENOSPC, "no free block");
    }
    return run;
  }

  /**
   * {@code ext2_try_to_allocate}: the bitmap alone says how many blocks there are, whatever the
   * counter says, which then wraps.
   */
  private @Nullable BlockRun tryGroup(int group, int goal, int wanted) {
    HeldGroup descriptor = volume.descriptor(group);
    if (descriptor.freeBlocksCount() != 0) {
      checkBitmap(group);
    }
    try (var _ = volume.lockGroup(group)) {
      if (descriptor.freeBlocksCount() == 0) {
        return null;
      }
      long groupFirst = geometry.groupFirstBlock(group);
      int end = (int) (geometry.groupLastBlock(group) - groupFirst + 1);
      Bitmap bitmap = bitmap(descriptor);
      int bit = bitmap.nextZero(goal >= 0 ? goal : searchStart(bitmap, end), end);
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
