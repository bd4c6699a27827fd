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
 * One page of a directory, where it lies in the region, with entries that were checked: {@code
 * ext2_get_page}.
 *
 * @param volume the volume
 * @param index which page of the directory
 * @param block its block
 */
record DirectoryPage(Volume volume, long index, long block) {
  private static final int MIN_REC_LEN = DirEntry.bytesFor(1);

  /**
   * Finds a page and checks each of its entries.
   *
   * @throws CorruptFileSystemException EIO, after the volume was told
   */
  static DirectoryPage read(Volume volume, Ext2Inode directory, long index) throws Ext2Exception {
    BlockMap.Mapped mapped = directory.blockMap().blocks(index, 1, false);
    if (mapped.isHole()) {
      throw corrupt(volume, directory, index, 0, "a block", "a hole");
    }
    if (mapped.block() >= volume.geometry().blocksCount()) {
      // A failed read is no ext2_error.
      throw new CorruptFileSystemException(
          Errno.EIO,
          "directory " + directory.number() + " page " + index,
          "i_block",
          "block " + mapped.block(),
          "less than " + volume.geometry().blocksCount());
    }
    DirectoryPage page = new DirectoryPage(volume, index, mapped.block());
    page.check(directory);
    return page;
  }

  private void check(Ext2Inode directory) throws Ext2Exception {
    int at = 0;
    while (at < Geometry.BLOCK_BYTES) {
      // An entry's header must fit before it may be read.
      if (Geometry.BLOCK_BYTES - at < MIN_REC_LEN) {
        throw corrupt(volume, directory, index, at, "an entry", "too few bytes");
      }
      DirEntry entry = entry(at);
      int recLen = entry.recLen();
      if (recLen < MIN_REC_LEN
          || recLen % 4 != 0
          || recLen < DirEntry.bytesFor(entry.nameLen())
          || recLen > Geometry.BLOCK_BYTES - at) {
        throw corrupt(
            volume, directory, index, at, "a rec_len that fits name and block", "" + recLen);
      }
      if (entry.inode() > volume.geometry().inodesCount()) {
        throw corrupt(volume, directory, index, at, "an inode number", "" + entry.inode());
      }
      at += recLen;
    }
  }

  private static CorruptFileSystemException corrupt(
      Volume volume, Ext2Inode directory, long index, int at, String expected, String found) {
    volume.error("bad entry in directory #" + directory.number() + " page " + index + " at " + at);
    return new CorruptFileSystemException(
        Errno.EIO,
        "directory " + directory.number() + " page " + index,
        "entry at " + at,
        found,
        expected);
  }

  /** The entry at a byte of the page. */
  DirEntry entry(int at) {
    return new DirEntry(volume.memory(), block * Geometry.BLOCK_BYTES + at);
  }

  /** The byte of the page where an entry lies. */
  int positionOf(DirEntry entry) {
    return (int) (entry.offset() - block * Geometry.BLOCK_BYTES);
  }

  /** The page was changed. */
  void markDirty() {
    volume.dirtyBlocks().mark(block);
  }
}
