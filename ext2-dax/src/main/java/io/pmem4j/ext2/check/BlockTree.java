// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.layout.RawInode;

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
    long block = image.u32(slot);
    if (block == 0) {
      return;
    }
    if (level == 0) {
      visitor.data(block, slot, fileBlock);
    } else if (visitor.indirect(block, slot, inInode)) {
      long part = span(level - 1);
      for (int i = 0; i < image.pointersPerBlock(); i++) {
        follow(image.at(block) + 4L * i, level - 1, fileBlock + i * part, false);
      }
    }
  }
}
