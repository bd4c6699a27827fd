// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Credentials;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.alloc.BlockRun;
import io.pmem4j.ext2.alloc.ReservationWindow;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.observe.Observation;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import java.util.OptionalInt;

/**
 * The tree of blocks of one inode: {@code ext2_get_blocks}. Lookups take no lock; allocation holds
 * {@code truncate_mutex} and looks again under it, because the block may have appeared meanwhile.
 * Thread-safe.
 *
 * <p>A new branch is complete and durable before the one pointer that makes it reachable is stored,
 * and so are the zeros in the blocks of a DAX file: neither a reader nor a crash finds what the
 * last owner left in them. See {@link #allocateLocked} for the order.
 */
public final class BlockMap {
  /** Colours of {@code ext2_find_near}: a group is divided into as many parts. */
  private static final int COLOURS = 16;

  private final Volume volume;
  private final Geometry geometry;
  private final Allocators services;
  private final Ext2Inode inode;
  private final UnreadableZeros unreadable;

  BlockMap(Volume volume, Allocators services, Ext2Inode inode) {
    this.volume = volume;
    this.geometry = volume.geometry();
    this.services = services;
    this.inode = inode;
    this.unreadable = UnreadableZeros.of(volume);
  }

  /**
   * A piece of a file.
   *
   * @param block first block of the file system; 0 for a hole
   * @param count blocks; 0 for a hole
   * @param isNew whether this call allocated them
   */
  public record Mapped(long block, int count, boolean isNew) {
    static final Mapped HOLE = new Mapped(0, 0, false);

    /** Returns true if the range has no blocks. */
    public boolean isHole() {
      return count == 0;
    }
  }

  /** As {@link #blocks(long, int, boolean, boolean)}, outside of page faults. */
  public Mapped blocks(long fileBlock, int wanted, boolean create) throws Ext2Exception {
    return blocks(fileBlock, wanted, create, false);
  }

  /**
   * Looks blocks up, or allocates them.
   *
   * @param fileBlock first block of the file
   * @param wanted how many would be welcome, at least 1
   * @param create whether to allocate what is missing
   * @param inFault whether a page fault asks
   * @throws Ext2Exception ENOSPC; EIO for a position no tree reaches and for broken pointers
   */
  Mapped blocks(long fileBlock, int wanted, boolean create, boolean inFault) throws Ext2Exception {
    BlockPath path = path(fileBlock);
    inode.blockPointers().load();
    Branch branch = walk(path, path.depth());
    if (branch.complete()) {
      inode.blockPointers().observed(Observation.PAGE_BLOCK, fileBlock, branch.lastBlock());
      return new Mapped(branch.lastBlock(), runLength(branch, path, wanted), false);
    }
    inode.blockPointers().observed(Observation.HOLE, fileBlock);
    if (!create) {
      return Mapped.HOLE;
    }
    try (var _ = inode.locks().allocation(inFault)) {
      branch = walk(path, path.depth());
      if (branch.complete()) {
        // Another task was faster; like the kernel, report just this one block.
        return new Mapped(branch.lastBlock(), 1, false);
      }
      return allocateLocked(fileBlock, path, branch, wanted);
    }
  }

  /** The first block of the file behind the missing tree that a hole at this block belongs to. */
  long endOfHole(long fileBlock) throws Ext2Exception {
    BlockPath path = path(fileBlock);
    Branch branch = walk(path, path.depth());
    long span = 1;
    long inSpan = 0;
    for (int level = path.depth() - 1; level > branch.last(); level--) {
      inSpan += path.offsets()[level] * span;
      span <<= geometry.pointerBits();
    }
    return fileBlock - inSpan + span;
  }

  private BlockPath path(long fileBlock) throws Ext2Exception {
    BlockPath path = BlockPath.of(fileBlock, geometry.pointerBits());
    if (path == null) {
      throw new Ext2Exception(Errno.EIO, inode + ": block " + fileBlock + " is too big");
    }
    return path;
  }

  /**
   * {@code ext2_get_branch}: at most {@code levels} levels of a path.
   *
   * @throws CorruptFileSystemException if a block of pointers cannot be read
   */
  private Branch walk(BlockPath path, int levels) throws Ext2Exception {
    Branch branch = Branch.walk(inode, path, levels);
    if (!branch.complete() && branch.lastBlock() != 0) {
      throw new CorruptFileSystemException(
          Errno.EIO,
          inode.toString(),
          "i_block",
          "indirect block " + branch.lastBlock(),
          "less than " + geometry.blocksCount());
    }
    return branch;
  }

  private static int runLength(Branch branch, BlockPath path, int wanted) {
    PointerArray array = branch.arrays()[branch.last()];
    int index = branch.indexes()[branch.last()];
    long first = branch.lastBlock();
    int count = 1;
    while (count < wanted
        && count <= path.toBoundary()
        && Integer.toUnsignedLong(array.get(index + count)) == first + count) {
      count++;
    }
    return count;
  }

  /**
   * Allocates a branch: store, flush, drain, publish.
   *
   * <pre>
   *   after a crash before the drain        the blocks belong to nobody, their bits may be set
   *   ... between the drain and the splice  the same; the branch and the zeros are durable
   *   ... after the splice                  the pointer may be durable or not; if it is, it leads to
   *                                         a branch that is, and to zeros
   * </pre>
   */
  private Mapped allocateLocked(long fileBlock, BlockPath path, Branch partial, int wanted)
      throws Ext2Exception {
    inode.truncateMutex().assertHeld();
    if (inode.isRegular()) {
      allocInfoLocked();
    }
    long goal = goal(fileBlock, partial);
    int indirect = path.depth() - partial.keys().length;
    int direct = directToAllocate(partial, indirect, wanted, path.toBoundary());
    NewBlocks blocks = takeBlocks(goal, indirect, direct);
    int top = fillBranch(path, partial, blocks);
    if (inode.zeroesNewBlocks()) {
      unreadable.requireZeroable(volume, blocks.data());
      long offset = geometry.offsetOf(blocks.data().first());
      long length = geometry.offsetOf(blocks.data().count());
      inode.newBlocks().store();
      inode.newBlocks().observed(Observation.ZEROES_BLOCK, blocks.data().first());
      volume.pins().storing(blocks.data().first(), blocks.data().count());
      volume.memory().fill(offset, length, (byte) 0);
      volume.memory().flush(offset, length);
    }
    if (inode.isDirectory() && volume.order().isOrdered()) {
      emptyDirectoryBlock(blocks.data().first());
    }
    if (inode.zeroesNewBlocks() || indirect > 0 || volume.order().isOrdered()) {
      volume.memory().drain();
    }
    splice(fileBlock, partial, indirect, blocks.data(), top);
    return new Mapped(blocks.data().first(), blocks.data().count(), true);
  }

  /**
   * Makes a block one unused entry, so that it is a valid block of a directory when it is
   * reachable.
   */
  private void emptyDirectoryBlock(long block) {
    long offset = geometry.offsetOf(block);
    volume.memory().fill(offset, geometry.blockBytes(), (byte) 0);
    new DirEntry(volume.memory(), offset).recLen(geometry.blockBytes());
    volume.order().flush(offset, geometry.blockBytes());
  }

  /** {@code ext2_find_goal} and {@code ext2_find_near}. */
  private long goal(long fileBlock, Branch partial) {
    BlockAllocInfo info = inode.blockAllocInfo;
    if (info != null && info.isNext(fileBlock)) {
      return info.nextPhysicalBlock();
    }
    PointerArray array = partial.arrays()[partial.last()];
    for (int left = partial.indexes()[partial.last()] - 1; left >= 0; left--) {
      if (array.get(left) != 0) {
        return Integer.toUnsignedLong(array.get(left));
      }
    }
    if (array.blockNumber() != 0) {
      return array.blockNumber();
    }
    long colour = services.flusher().currentPid() % COLOURS;
    return geometry.groupFirstBlock(geometry.groupOfInode(inode.number()))
        + colour * (geometry.blocksPerGroup() / COLOURS);
  }

  /** Returns the number of data blocks to allocate: {@code ext2_blks_to_allocate}. */
  private static int directToAllocate(Branch partial, int indirect, int wanted, int toBoundary) {
    if (indirect > 0) {
      return Math.min(wanted, toBoundary + 1);
    }
    PointerArray array = partial.arrays()[partial.last()];
    int index = partial.indexes()[partial.last()];
    int count = 1;
    while (count < wanted && count <= toBoundary && array.get(index + count) == 0) {
      count++;
    }
    return count;
  }

  /**
   * Blocks for a branch.
   *
   * @param indirect the blocks of pointers, outermost first
   * @param data the run for the file's contents
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
  private record NewBlocks(long[] indirect, BlockRun data) {}

  /** {@code ext2_alloc_blocks}: the blocks of pointers come first out of what is found. */
  private NewBlocks takeBlocks(long goal, int indirect, int direct) throws Ext2Exception {
    BlockAllocInfo info = inode.blockAllocInfo;
    ReservationWindow window = info == null ? null : info.window();
    Credentials who = services.flusher().currentUser();
    long[] pointers = new long[indirect];
    int have = 0;
    int target = indirect + direct;
    try {
      while (true) {
        BlockRun run = services.blocks().newBlocks(who, window, goal, target);
        account(run.count());
        target -= run.count();
        long block = run.first();
        int left = run.count();
        while (have < indirect && left > 0) {
          pointers[have++] = block++;
          left--;
        }
        if (left > 0) {
          return new NewBlocks(pointers, new BlockRun(block, left));
        }
      }
    } catch (Ext2Exception e) {
      for (int i = 0; i < have; i++) {
        free(pointers[i], 1);
      }
      throw e;
    }
  }

  /**
   * {@code ext2_alloc_branch} after the allocation: stores the blocks of pointers and flushes them.
   * Returns the block that the splice links.
   */
  private int fillBranch(BlockPath path, Branch partial, NewBlocks blocks) {
    long[] pointers = blocks.indirect();
    int level = partial.keys().length;
    for (int i = 0; i < pointers.length; i++, level++) {
      PointerArray.InBlock array = new PointerArray.InBlock(volume, pointers[i]);
      volume.memory().fill(geometry.offsetOf(pointers[i]), geometry.blockBytes(), (byte) 0);
      int index = path.offsets()[level];
      if (i + 1 < pointers.length) {
        array.set(index, (int) pointers[i + 1]);
      } else {
        for (int n = 0; n < blocks.data().count(); n++) {
          array.set(index + n, (int) (blocks.data().first() + n));
        }
      }
      volume.memory().flush(geometry.offsetOf(pointers[i]), geometry.blockBytes());
    }
    return (int) (pointers.length > 0 ? pointers[0] : blocks.data().first());
  }

  /** {@code ext2_splice_branch}: the store that makes the branch reachable, and housekeeping. */
  private void splice(long fileBlock, Branch partial, int indirect, BlockRun data, int top) {
    PointerArray array = partial.arrays()[partial.last()];
    int index = partial.indexes()[partial.last()];
    inode.blockPointers().store();
    inode.blockPointers().observed(Observation.PAGE_BLOCK, fileBlock, data.first());
    array.set(index, top);
    if (indirect == 0) {
      for (int n = 1; n < data.count(); n++) {
        array.set(index + n, (int) (data.first() + n));
      }
    }
    BlockAllocInfo info = inode.blockAllocInfo;
    if (info != null) {
      info.allocated(fileBlock + data.count() - 1, data.first() + data.count() - 1);
    }
    inode.times().ctime(volume.now());
  }

  /** {@code i_blocks} after taking blocks. */
  private void account(int count) {
    inode.addBlocksLocked((long) count * geometry.sectorsPerBlock());
  }

  /**
   * Removes blocks from {@code i_blocks} that {@link #freeDetached} gives back later; the caller
   * holds {@code truncate_mutex}.
   */
  void detached(BlockRun run) {
    account(-run.count());
  }

  /** Gives blocks back that are durably detached; the caller holds {@code truncate_mutex}. */
  void freeDetached(BlockRun run) {
    inode.truncateMutex().assertHeld();
    int freed = services.blocks().freeBlocks(run.first(), run.count());
    if (freed != run.count()) {
      account(run.count() - freed);
    }
  }

  /** Gives the blocks of the file's window up: {@code ext2_discard_reservation}. */
  void discardReservation() {
    BlockAllocInfo info = inode.blockAllocInfo;
    if (info != null) {
      services.blocks().discard(info.window());
    }
  }

  /** Returns the blocks of the file's next window; empty before its first allocation. */
  public OptionalInt reservation() {
    BlockAllocInfo info = inode.blockAllocInfo;
    return info == null ? OptionalInt.empty() : OptionalInt.of(info.window().goalBlocks());
  }

  /** Sets the blocks of the file's next window; 0 for none. */
  public void reservation(int blocks) {
    try (var _ = inode.truncateMutex().hold()) {
      allocInfoLocked().window().goalBlocks(blocks);
    }
  }

  private BlockAllocInfo allocInfoLocked() {
    BlockAllocInfo info = inode.blockAllocInfo;
    if (info == null) {
      info = new BlockAllocInfo(services.blocks().newWindow());
      inode.blockAllocInfo = info;
    }
    return info;
  }

  /** {@code ext2_release_file} of a file that was open for writing: its window goes. */
  public void releaseWriter() {
    if (inode.blockAllocInfo != null) {
      try (var _ = inode.truncateMutex().hold()) {
        discardReservation();
      }
    }
  }

  /** Gives blocks of this inode back; the caller holds {@code truncate_mutex}. */
  void free(long first, int count) {
    inode.truncateMutex().assertHeld();
    int freed = services.blocks().freeBlocks(first, count);
    inode.addBlocksLocked(-(long) freed * geometry.sectorsPerBlock());
  }
}
