// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;

/** The pass over all directories that the inode pass has found: each block that has a place. */
final class DirectoryPass implements BlockTree.Visitor {
  private final CheckedImage image;
  private final RawInode inode;
  private final int ino;
  private final DirectoryEntries entries;
  private long next;

  private DirectoryPass(CheckedImage image, int ino) {
    this.image = image;
    this.ino = ino;
    this.inode = image.inode(ino);
    this.entries = new DirectoryEntries(image, ino);
  }

  static void run(CheckedImage image) {
    image.parents.put(CheckedImage.ROOT_INO, CheckedImage.ROOT_INO);
    for (int ino = image.directories.nextSetBit(0);
        ino >= 0;
        ino = image.directories.nextSetBit(ino + 1)) {
      DirectoryPass pass = new DirectoryPass(image, ino);
      BlockTree.walk(image, pass.inode, pass);
      if (pass.next == 0) {
        pass.holes(1);
      }
    }
  }

  /** Reports the blocks that are missing before a block. */
  private void holes(long fileBlock) {
    if (next < fileBlock) {
      long at = inode.offset() + InodeFields.offset("i_block");
      image.add(Kind.BAD_DIRECTORY, ino, "block " + next, at, 0, 1, image.blocks() - 1);
    }
  }

  @Override
  public boolean indirect(long block, long slot, boolean inInode) {
    return image.isBlock(block) && !image.metadata.get((int) block);
  }

  @Override
  public void data(long block, long slot, long fileBlock) {
    if (!image.isBlock(block)) {
      return;
    }
    holes(fileBlock);
    next = fileBlock + 1;
    entries.block(block, fileBlock == 0);
  }
}
