// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.Iomap;
import io.pmem4j.ext2.dax.IomapOps;
import io.pmem4j.ext2.volume.Geometry;

/** {@code ext2_iomap_ops}: the block map in bytes. Thread-safe. */
final class InodeIomap implements IomapOps {
  private final Ext2Inode inode;
  private final Geometry geometry;

  InodeIomap(Ext2Inode inode) {
    this.inode = inode;
    this.geometry = inode.volume().geometry();
  }

  @Override
  public Iomap begin(long offset, long length, int flags) throws Ext2Exception {
    long fileBlock = geometry.blockAt(offset);
    int wanted = (int) Math.min(geometry.blocksFor(length), geometry.pointersPerBlock());
    BlockMap.Mapped mapped =
        inode
            .blockMap()
            .blocks(
                fileBlock,
                Math.max(wanted, 1),
                (flags & Iomap.WRITE) != 0,
                (flags & Iomap.FAULT) != 0);
    if (mapped.isHole()) {
      return Iomap.hole(geometry.offsetOf(fileBlock), geometry.blockBytes());
    }
    return new Iomap(
        true,
        geometry.offsetOf(mapped.block()),
        geometry.offsetOf(fileBlock),
        geometry.offsetOf(mapped.count()),
        mapped.isNew());
  }

  @Override
  public void end(long offset, long length, long written, int flags, Iomap iomap)
      throws Ext2Exception {
    boolean failedWrite = iomap.mapped() && written < length && (flags & Iomap.WRITE) != 0;
    // A fault holds dax_sem shared here, and the clean-up takes it exclusively: the kernel has this
    // self-deadlock, which needs a failure after a successful lookup. A fault never extends a
    // file, so there is nothing behind the size that it would have to clean up.
    boolean inFault = (flags & Iomap.FAULT) != 0;
    if (failedWrite && !inFault) {
      Truncate.writeFailed(inode, offset + length);
    }
  }
}
