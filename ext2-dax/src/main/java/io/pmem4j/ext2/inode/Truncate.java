// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.BlockRun;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import java.util.ArrayList;
import java.util.List;

/**
 * Cutting a file: {@code ext2_setsize} and {@code ext2_truncate_blocks}. Blocks are freed in the
 * kernel's order: direct ones from left to right, then the shared branch, then whole trees.
 */
public final class Truncate {
  private final Volume volume;
  private final Geometry geometry;
  private final Ext2Inode inode;

  /** In the ordered mode, the runs to free once no pointer to them is durable. */
  private final List<BlockRun> detached = new ArrayList<>();

  private Truncate(Ext2Inode inode) {
    this.volume = inode.volume();
    this.geometry = volume.geometry();
    this.inode = inode;
  }

  /**
   * {@code ext2_setsize}; the caller holds {@code i_rwsem} exclusively.
   *
   * <p>The size, the page tables, the entries and the blocks change in one section under {@code
   * dax_sem}: a fault before it has finished and is unmapped, a fault after it sees the new size. A
   * file without DAX is taken from faults page by page, under their locks. {@link
   * TruncatePostconditions} checks that. The tail of the last page is zeroed before, outside the
   * section.
   *
   * @throws Ext2Exception EIO if the tail's block cannot be reached
   */
  public static void setSize(Ext2Inode inode, long newSize) throws Ext2Exception {
    inode.iRwsem().assertHeldExclusively();
    long before = inode.size;
    inode.contents().zeroTail(newSize);
    try (var _ = inode.locks().daxSem().exclusive()) {
      inode.iSize().store();
      inode.iSize().observed(Observation.SIZE_CHANGE, inode.size, newSize);
      inode.size = newSize;
      inode.contents().sizeChanged(before, newSize);
      new Truncate(inode).blocksLocked(newSize);
      check(inode, newSize);
    }
    inode.times().touch();
    if (SynchronousChanges.ofInode(inode)) {
      inode.writeOut();
      inode.volume().dirtyBlocks().writeOut();
    }
  }

  /** {@code ext2_truncate_blocks}: frees what lies behind a size, with {@code dax_sem} taken. */
  static void blocks(Ext2Inode inode, long offset) throws Ext2Exception {
    boolean hasBlocks = inode.isRegular() || inode.isDirectory() || inode.isSymlink();
    if (!hasBlocks || Symlink.isFast(inode)) {
      return;
    }
    try (var _ = inode.locks().daxSem().exclusive()) {
      new Truncate(inode).blocksLocked(offset);
      check(inode, offset);
    }
  }

  /**
   * {@code ext2_write_failed}: a write that could not finish leaves nothing behind the size. The
   * page cache part needs no {@code dax_sem}: a fault behind the size gets SIGBUS anyway.
   */
  static void writeFailed(Ext2Inode inode, long end) throws Ext2Exception {
    if (end > inode.size) {
      inode.contents().cut(inode.size);
      blocks(inode, inode.size);
    }
  }

  private static void check(Ext2Inode inode, long size) {
    if (inode.volume().instrumentation().isolationChecks()) {
      new TruncatePostconditions(inode).check(size);
    }
  }

  private void blocksLocked(long offset) throws Ext2Exception {
    inode.locks().daxSem().assertHeldExclusively();
    if (volume.instrumentation().isolationChecks()) {
      new TruncatePostconditions(inode).checkUnmapped(offset);
    }
    BlockPath path = BlockPath.of(geometry.blocksFor(offset), geometry.pointerBits());
    if (path == null) {
      return;
    }
    PointerArray top = new PointerArray.InInode(inode);
    try (var _ = inode.locks().allocation(false)) {
      if (path.depth() == 1) {
        freeData(top, path.offsets()[0], BlockPath.DIRECT_BLOCKS);
      } else {
        freeSharedBranch(path);
      }
      for (int levels = 1; levels <= 3; levels++) {
        int pointer = BlockPath.INDIRECT + levels - 1;
        if (path.offsets()[0] < pointer && top.get(pointer) != 0) {
          int root = top.get(pointer);
          inode.blockPointers().store();
          inode.blockPointers().observed(Observation.DETACHES_TREE, Integer.toUnsignedLong(root));
          top.set(pointer, 0);
          freeBranches(new PointerArray.Detached(new int[] {root}), 0, 1, levels);
        }
      }
      freeDetached();
      inode.blockMap().discardReservation();
    }
  }

  /** Frees a run, or keeps it until its pointers are durably gone. */
  private void free(long first, int count) {
    if (volume.order().isOrdered()) {
      detached.add(new BlockRun(first, count));
    } else {
      inode.blockMap().free(first, count);
    }
  }

  /**
   * Frees what {@link #free} has kept. An inode with a deletion time has no link on the medium any
   * more, and keeps its pointers there as with Linux.
   */
  private void freeDetached() throws Ext2Exception {
    if (detached.isEmpty()) {
      return;
    }
    detached.forEach(inode.blockMap()::detached);
    if (inode.dtime == 0) {
      inode.writeOut();
    }
    volume.dirtyBlocks().writeOut();
    detached.forEach(inode.blockMap()::freeDetached);
  }

  /**
   * {@code ext2_find_shared} and what its caller does with it: on the branch that leads to the
   * first block to go, blocks of pointers that also serve blocks that stay are kept, and lose their
   * right part. One that cannot be read ends the branch, and goes with it.
   */
  private void freeSharedBranch(BlockPath path) {
    int depth = path.depth();
    int levels = depth;
    while (levels > 1 && path.offsets()[levels - 1] == 0) {
      levels--;
    }
    Branch branch = Branch.walk(inode, path, levels);
    int shared = branch.last();
    while (shared > 0 && allZero(branch.arrays()[shared], branch.indexes()[shared])) {
      shared--;
    }
    PointerArray array = branch.arrays()[shared];
    int keepThrough = branch.indexes()[shared];
    if (shared == levels - 1 && shared > 0) {
      // The pointer is the first of the right part of its block: no need to detach it alone.
      keepThrough--;
    } else {
      int detached = array.get(keepThrough);
      if (detached != 0) {
        inode.blockPointers().store();
        inode
            .blockPointers()
            .observed(Observation.DETACHES_BRANCH, Integer.toUnsignedLong(detached));
        array.set(keepThrough, 0);
        freeBranches(new PointerArray.Detached(new int[] {detached}), 0, 1, depth - 1 - shared);
      }
    }
    for (int level = shared; level > 0; level--) {
      int from = (level == shared ? keepThrough : branch.indexes()[level]) + 1;
      freeBranches(branch.arrays()[level], from, geometry.pointersPerBlock(), depth - 1 - level);
    }
  }

  private static boolean allZero(PointerArray array, int end) {
    for (int i = 0; i < end; i++) {
      if (array.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** {@code ext2_free_branches}: children before their block of pointers. */
  private void freeBranches(PointerArray array, int from, int end, int levels) {
    if (levels == 0) {
      freeData(array, from, end);
      return;
    }
    for (int i = from; i < end; i++) {
      long block = Integer.toUnsignedLong(array.get(i));
      if (block == 0) {
        continue;
      }
      array.set(i, 0);
      if (block >= geometry.blocksCount()) {
        volume.error(inode + ": cannot read indirect block " + block);
        continue;
      }
      freeBranches(
          new PointerArray.InBlock(volume, block), 0, geometry.pointersPerBlock(), levels - 1);
      free(block, 1);
    }
  }

  /** {@code ext2_free_data}: runs are given back in one piece. */
  private void freeData(PointerArray array, int from, int end) {
    long first = 0;
    int count = 0;
    inode.blockPointers().store();
    inode.blockPointers().observed(Observation.DETACHES_POINTERS, from, end);
    for (int i = from; i < end; i++) {
      long block = Integer.toUnsignedLong(array.get(i));
      if (block == 0) {
        continue;
      }
      array.set(i, 0);
      if (count > 0 && block == first + count) {
        count++;
        continue;
      }
      if (count > 0) {
        free(first, count);
      }
      first = block;
      count = 1;
    }
    if (count > 0) {
      free(first, count);
    }
  }
}
