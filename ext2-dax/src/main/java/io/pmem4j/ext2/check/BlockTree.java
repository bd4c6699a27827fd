// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.layout.RawInode;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A walk over the pointers of an inode in the order of the file; it follows what it is told to. */
final class BlockTree {
  private static final int DIRECT_BLOCKS = 12;
  private static final int LEVELS = 3;
  private static final int I_BLOCK = 40;

  /** A receiver of the pointers that are not 0. */
  interface Visitor {
    /**
     * Receives a pointer to a block of pointers.
     *
     * @param block the block
     * @param slot the offset of the pointer
     * @param inInode true if the pointer is one of the inode's
     * @return true to follow it
     */
    boolean indirect(long block, long slot, boolean inInode);

    /** Receives a pointer to a block of the file. */
    void data(long block, long slot, long fileBlock);
  }

  private final CheckedImage image;
  private final Visitor visitor;
  private final int[] @Nullable [] buffers = new int[LEVELS][];

  private BlockTree(CheckedImage image, Visitor visitor) {
    this.image = image;
    this.visitor = visitor;
  }

  static void walk(CheckedImage image, RawInode inode, Visitor visitor) {
    BlockTree tree = new BlockTree(image, visitor);
    long slot = inode.offset() + I_BLOCK;
    for (int i = 0; i < DIRECT_BLOCKS; i++, slot += 4) {
      tree.follow(slot, 0, i, true);
    }
    long at = DIRECT_BLOCKS;
    for (int level = 1; level <= LEVELS; level++, slot += 4) {
      tree.follow(slot, level, at, true);
      at += tree.span(level);
    }
  }

  /** Returns the file blocks below a block of pointers. */
  private long span(int level) {
    long span = 1;
    for (int i = 0; i < level; i++) {
      span *= image.pointersPerBlock();
    }
    return span;
  }

  private void follow(long slot, int level, long fileBlock, boolean inInode) {
    follow(image.u32(slot), slot, level, fileBlock, inInode);
  }

  private void follow(long block, long slot, int level, long fileBlock, boolean inInode) {
    if (block == 0) {
      return;
    }
    if (level == 0) {
      visitor.data(block, slot, fileBlock);
    } else if (visitor.indirect(block, slot, inInode)) {
      long part = span(level - 1);
      int[] pointers = pointers(block, level);
      for (int i = 0; i < pointers.length; i++) {
        // Most of a sparse file is 0.
        if (pointers[i] != 0) {
          long below = Integer.toUnsignedLong(pointers[i]);
          follow(below, image.at(block) + 4L * i, level - 1, fileBlock + i * part, false);
        }
      }
    }
  }

  /** Returns a copy of a block of pointers, in memory that each level has of its own. */
  private int[] pointers(long block, int level) {
    int[] pointers = buffers[level - 1];
    if (pointers == null) {
      pointers = new int[image.pointersPerBlock()];
      buffers[level - 1] = pointers;
    }
    MemorySegment.copy(
        image.memory.segment(),
        SuperblockFields.INT,
        image.at(block),
        pointers,
        0,
        pointers.length);
    return pointers;
  }
}
