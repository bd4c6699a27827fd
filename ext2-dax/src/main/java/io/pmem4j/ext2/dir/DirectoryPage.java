// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.dir;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.inode.BlockMap;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.layout.DirEntry;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;

/**
 * One page of a directory, with entries that were checked: {@code ext2_get_page}. The kernel locks,
 * checks and walks directories by the page of 4096 bytes, and places entries by the block, which is
 * a page or a part of one. The bytes are where they lie in the region.
 */
final class DirectoryPage {
  /** Bytes of a page, as a power of two. */
  static final int BITS = 12;

  /** Bytes of a page. */
  static final int BYTES = 1 << BITS;

  /** Bytes of the smallest entry. */
  static final int MIN_REC_LEN = DirEntry.bytesFor(1);

  private final Volume volume;
  private final Ext2Inode directory;
  private final long index;
  private final int limit;
  private final int blockBits;
  private final long[] blocks;

  /**
   * A page without blocks.
   *
   * @param index its number in the directory
   * @param limit the bytes of it that lie within the size of the directory
   */
  private DirectoryPage(Volume volume, Ext2Inode directory, long index, int limit) {
    this.volume = volume;
    this.directory = directory;
    this.index = index;
    this.limit = limit;
    this.blockBits = volume.geometry().blockBits();
    this.blocks = new long[BYTES >> blockBits];
  }

  /**
   * Finds the blocks of a page within the size of the directory, and checks each entry in them. The
   * page behind the last one is empty.
   *
   * @throws CorruptFileSystemException EIO, after the volume was told
   */
  static DirectoryPage read(Volume volume, Ext2Inode directory, long index) throws Ext2Exception {
    long left = directory.size() - (index << BITS);
    DirectoryPage page = new DirectoryPage(volume, directory, index, Math.clamp(left, 0, BYTES));
    page.findBlocks();
    page.check();
    return page;
  }

  /** {@code block_read_full_page}; a block that was not found stays 0. */
  private void findBlocks() throws Ext2Exception {
    Geometry geometry = volume.geometry();
    int within = (int) geometry.blocksFor(limit);
    int found = 0;
    while (found < within) {
      BlockMap.Mapped mapped =
          directory.blockMap().blocks(firstBlock() + found, within - found, false);
      if (mapped.isHole()) {
        found++;
        continue;
      }
      for (int i = 0; i < mapped.count(); i++) {
        blocks[found++] = requireInside(mapped.block() + i, geometry.blocksCount());
      }
    }
  }

  private long requireInside(long block, long blocksCount) throws Ext2Exception {
    if (block >= blocksCount) {
      // A failed read is no ext2_error.
      throw new CorruptFileSystemException(
          Errno.EIO,
          "directory " + directory.number() + " page " + index,
          "i_block",
          "block " + block,
          "less than " + blocksCount);
    }
    return block;
  }

  /** Checks the entries as {@code ext2_check_page} does. */
  private void check() throws Ext2Exception {
    int chunk = 1 << blockBits;
    if ((limit & (chunk - 1)) != 0) {
      throw corrupt(limit, "blocks of " + chunk + " bytes", directory.size() + " bytes");
    }
    int at = 0;
    while (at < limit) {
      if (blocks[at >> blockBits] == 0) {
        throw corrupt(at, "a block", "a hole");
      }
      int left = chunk - (at & (chunk - 1));
      // An entry's header must fit before it may be read.
      if (left < MIN_REC_LEN) {
        throw corrupt(at, "an entry", "too few bytes");
      }
      DirEntry entry = entry(at);
      int recLen = entry.recLen();
      if (recLen < MIN_REC_LEN
          || recLen % 4 != 0
          || recLen < DirEntry.bytesFor(entry.nameLen())
          || recLen > left) {
        throw corrupt(at, "a rec_len that fits name and block", "" + recLen);
      }
      if (entry.inode() > volume.geometry().inodesCount()) {
        throw corrupt(at, "an inode number", "" + entry.inode());
      }
      at += recLen;
    }
  }

  private CorruptFileSystemException corrupt(int at, String expected, String found) {
    volume.error("bad entry in directory #" + directory.number() + " page " + index + " at " + at);
    return new CorruptFileSystemException(
        Errno.EIO,
        "directory " + directory.number() + " page " + index,
        "entry at " + at,
        found,
        expected);
  }

  /** Returns the number of the page in the directory. */
  long index() {
    return index;
  }

  /** {@code ext2_last_byte}: the bytes of the page that lie within the size of the directory. */
  int limit() {
    return limit;
  }

  /** Returns the first byte of the block that a byte of the page lies in. */
  int chunkStart(int at) {
    return at >> blockBits << blockBits;
  }

  /** Returns the entry at a byte of the page. */
  DirEntry entry(int at) {
    long block = blocks[at >> blockBits];
    return new DirEntry(volume.memory(), (block << blockBits) + (at - chunkStart(at)));
  }

  /** Gives the page a block behind its limit; returns the byte of the medium where it begins. */
  long grow() throws Ext2Exception {
    int slot = limit >> blockBits;
    blocks[slot] = directory.blockMap().blocks(firstBlock() + slot, 1, true).block();
    return blocks[slot] << blockBits;
  }

  private long firstBlock() {
    return index << (BITS - blockBits);
  }

  /** The block of a byte of the page was changed. */
  void markDirty(int at) {
    volume.dirtyBlocks().mark(blocks[at >> blockBits]);
  }

  /** {@code write_one_page}: the stores to all blocks of the page are durable when it returns. */
  void writeOut() {
    for (long block : blocks) {
      volume.dirtyBlocks().writeOut(block);
    }
  }
}
