// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.check;

import io.pmem4j.ext2.FileMode;
import io.pmem4j.ext2.check.ImageFinding.Kind;
import io.pmem4j.ext2.layout.RawInode;

/** The blocks of one inode: their pointers, their number, and the size. */
final class InodeBlocks implements BlockTree.Visitor {
  private static final int SECTOR = 512;
  private static final int OS_HURD = 1;

  /** A directory has less than 2 GiB: as many blocks of 1 KiB, shifted. */
  private static final int DIRECTORY_SHIFT = 21;

  private static final long LARGE = 1L << 31;
  private static final int PREALLOCATED = 205;

  private final CheckedImage image;
  private final RawInode inode;
  private final int ino;
  private final AttributeReferences attributes;
  private final int type;
  private final int log;
  private long blocks;
  private long last = -1;

  InodeBlocks(CheckedImage image, RawInode inode, int ino, AttributeReferences attributes) {
    this.image = image;
    this.inode = inode;
    this.ino = ino;
    this.attributes = attributes;
    this.type = inode.mode() & FileMode.TYPE_MASK;
    this.log = Integer.numberOfTrailingZeros(image.blockBytes) - 10;
  }

  private void add(Kind kind, String field, long found, long least, long most) {
    image.add(kind, ino, field, inode.offset() + InodeFields.offset(field), found, least, most);
  }

  void check() {
    if (attributes.use(ino, inode)) {
      blocks++;
    }
    if (InodeFields.hasBlocks(inode)) {
      BlockTree.walk(image, inode, this);
    }
    boolean directory = type == FileMode.DIRECTORY;
    if ((inode.flags() & InodeFields.FLAG_INDEX) != 0) {
      DirectoryIndex.check(image, inode, ino);
    }
    if (directory && blocks == 0) {
      add(Kind.BAD_DIRECTORY, "i_blocks", 0, image.blockBytes / SECTOR, Integer.MAX_VALUE);
      return;
    }
    if (directory) {
      directorySize();
    } else if (type != FileMode.SYMLINK) {
      size();
    }
    long sectors = blocks * (image.blockBytes / SECTOR);
    if (inode.blocks() != sectors && image.superblock.get("s_creator_os") != OS_HURD) {
      add(Kind.SECTORS, "i_blocks", inode.blocks(), sectors, sectors);
    }
    if (type == FileMode.REGULAR) {
      image.largestFile = Math.max(image.largestFile, InodeFields.size(inode));
    }
  }

  private void directorySize() {
    long size = InodeFields.size(inode);
    long expected = (last + 1) * image.blockBytes;
    int preallocated = image.u8(image.superblock.offset() + PREALLOCATED);
    if (size % image.blockBytes != 0 || size > expected) {
      add(Kind.BAD_SIZE, "i_size", size, expected, expected);
    } else if (expected - size > (long) preallocated * image.blockBytes) {
      add(Kind.BLOCKS_PAST_SIZE, "i_size", size, expected, expected);
    }
  }

  private void size() {
    long size = InodeFields.size(inode);
    long perBlock = image.pointersPerBlock();
    long most = 12 + perBlock + perBlock * perBlock + perBlock * perBlock * perBlock;
    if (last >= 0 && size < last * image.blockBytes) {
      long least = last * image.blockBytes;
      add(Kind.BLOCKS_PAST_SIZE, "i_size", size, least, most * image.blockBytes);
    } else if (size < 0 || size > most * image.blockBytes) {
      add(Kind.BAD_SIZE, "i_size", size, 0, most * image.blockBytes);
    }
  }

  private boolean outside(long block, long slot) {
    if (image.isBlock(block)) {
      return false;
    }
    pointer(block, slot);
    return true;
  }

  private void pointer(long block, long slot) {
    long first = image.superblock.firstBlock();
    image.add(
        Kind.BAD_POINTER, ino, field(slot), slot, block, Math.max(first, 1), image.blocks() - 1);
  }

  private String field(long slot) {
    long inInode = slot - inode.offset() - InodeFields.offset("i_block");
    return inInode >= 0 && inInode < InodeFields.FAST_BYTES
        ? "i_block[" + inInode / 4 + "]"
        : "pointer";
  }

  private boolean claim(long block, long slot) {
    blocks++;
    if (image.claim(block)) {
      return true;
    }
    image.add(Kind.SHARED_BLOCK, ino, field(slot), slot, block, 0);
    return false;
  }

  @Override
  public boolean indirect(long block, long slot, boolean inInode) {
    if (outside(block, slot)) {
      return false;
    }
    if (ino == ResizeInodeCheck.INO) {
      if (inInode && slot == inode.offset() + InodeFields.offset("i_block") + 4 * 13L) {
        return claim(block, slot);
      }
      blocks++;
      return true;
    }
    if (image.metadata.get((int) block)) {
      pointer(block, slot);
    }
    return claim(block, slot);
  }

  @Override
  public void data(long block, long slot, long fileBlock) {
    boolean directory = type == FileMode.DIRECTORY;
    if (outside(block, slot)) {
      return;
    }
    boolean regular = type == FileMode.REGULAR || ino == 1;
    boolean tooFar =
        directory
            ? inode.dirAcl() == 0 && fileBlock > 1L << (DIRECTORY_SHIFT - log)
            : !regular && fileBlock > 0;
    if (tooFar) {
      pointer(block, slot);
      return;
    }
    if (ino == ResizeInodeCheck.INO) {
      blocks++;
    } else {
      claim(block, slot);
    }
    last = fileBlock;
  }

  /** Returns true if a file is so large that the superblock must say so. */
  static boolean isLarge(long size) {
    return size >= LARGE;
  }
}
