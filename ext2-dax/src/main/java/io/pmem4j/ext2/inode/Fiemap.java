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
  private static final long BLOCK_BYTES = Geometry.BLOCK_BYTES;

  private Fiemap() {}

  /**
   * All extents; the caller holds {@code i_rwsem} exclusively. The last one says so if it reaches
   * the end of the file.
   *
   * @throws Ext2Exception EIO; EUCLEAN for more blocks than the file system has
   */
  public static List<Extent> extents(Ext2Inode inode) throws Ext2Exception {
    inode.iRwsem().assertHeldExclusively();
    long size = inode.size();
    long span = Math.max(size, BLOCK_BYTES);
    // The kernel asks for whole blocks only: a last partial block is an extent of its own.
    int wanted = (int) Math.min(span / BLOCK_BYTES, Geometry.ADDR_PER_BLOCK);
    long lastBlock = (span - 1) / BLOCK_BYTES;
    List<Extent> extents = new ArrayList<>();
    boolean pastEnd = false;
    boolean afterExtent = false;
    long block = 0;
    // A tree whose pointers lead back into it shows more blocks than there are.
    long most = inode.volume().geometry().blocksCount();
    long blocks = 0;
    while (true) {
      BlockMap.Mapped mapped = inode.blockMap().blocks(block, wanted, false);
      if (mapped.isHole()) {
        pastEnd |= (block + 1) * BLOCK_BYTES >= size;
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
        pastEnd |= block * BLOCK_BYTES >= size;
        if (block > lastBlock || pastEnd) {
          break;
        }
      } else {
        blocks += mapped.count();
        if (blocks > most) {
          throw new CorruptFileSystemException(
              Errno.EUCLEAN, inode.toString(), "i_block", blocks + " blocks", "at most " + most);
        }
        long length = mapped.count() * BLOCK_BYTES;
        extents.add(
            new Extent(block * BLOCK_BYTES, mapped.block() * BLOCK_BYTES, length, Extent.MERGED));
        afterExtent = true;
        block += mapped.count();
        pastEnd |= block * BLOCK_BYTES >= size;
      }
    }
    return extents;
  }
}
