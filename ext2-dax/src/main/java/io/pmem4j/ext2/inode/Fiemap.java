// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.volume.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code generic_block_fiemap} over a whole file: extents as the block map gives them, so that one
 * run of blocks appears in pieces where an array of pointers ends.
 */
public final class Fiemap {
  private Fiemap() {}

  /**
   * All extents; the caller holds {@code i_rwsem} exclusively. The last one says so if it reaches
   * the end of the file.
   *
   * @throws Ext2Exception EIO; EUCLEAN for more blocks than the file system has
   */
  public static List<Extent> extents(Ext2Inode inode) throws Ext2Exception {
    inode.iRwsem().assertHeldExclusively();
    Geometry geometry = inode.volume().geometry();
    long size = inode.size();
    long span = Math.max(size, geometry.blockBytes());
    // The kernel asks for whole blocks only: a last partial block is an extent of its own.
    int wanted = (int) Math.min(geometry.blockAt(span), geometry.pointersPerBlock());
    long lastBlock = geometry.blockAt(span - 1);
    List<Extent> extents = new ArrayList<>();
    boolean pastEnd = false;
    boolean afterExtent = false;
    long block = 0;
    // A tree whose pointers lead back into it shows more blocks than there are.
    long most = geometry.blocksCount();
    long blocks = 0;
    while (true) {
      BlockMap.Mapped mapped = inode.blockMap().blocks(block, wanted, false);
      if (mapped.isHole()) {
        pastEnd |= geometry.offsetOf(block + 1) >= size;
        if (afterExtent && pastEnd) {
          Extent last = extents.removeLast();
          extents.add(
              new Extent(
                  last.logicalBytes(),
                  last.physicalBytes(),
                  last.lengthBytes(),
                  Extent.MERGED | Extent.LAST));
        }
        afterExtent = false;
        // The kernel steps block by block; a missing tree holds nothing but more holes.
        block = inode.blockMap().endOfHole(block);
        pastEnd |= geometry.offsetOf(block) >= size;
        if (block > lastBlock || pastEnd) {
          break;
        }
      } else {
        blocks += mapped.count();
        if (blocks > most) {
          throw new CorruptFileSystemException(
              Errno.EUCLEAN, inode.toString(), "i_block", blocks + " blocks", "at most " + most);
        }
        long length = geometry.offsetOf(mapped.count());
        extents.add(
            new Extent(
                geometry.offsetOf(block),
                geometry.offsetOf(mapped.block()),
                length,
                Extent.MERGED));
        afterExtent = true;
        block += mapped.count();
        pastEnd |= geometry.offsetOf(block) >= size;
      }
    }
    return extents;
  }
}
