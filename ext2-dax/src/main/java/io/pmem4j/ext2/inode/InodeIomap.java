// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.Iomap;
import io.pmem4j.ext2.dax.IomapOps;
import io.pmem4j.ext2.volume.Geometry;

/** {@code ext2_iomap_ops}: the block map in bytes. Thread-safe. */
final class InodeIomap implements IomapOps {
  private static final long BLOCK_BYTES = Geometry.BLOCK_BYTES;

  private final Ext2Inode inode;

  InodeIomap(Ext2Inode inode) {
    this.inode = inode;
  }

  @Override
  public Iomap begin(long offset, long length, int flags) throws Ext2Exception {
    long fileBlock = offset / BLOCK_BYTES;
    int wanted = (int) Math.min(Math.ceilDiv(length, BLOCK_BYTES), Geometry.ADDR_PER_BLOCK);
    BlockMap.Mapped mapped =
        inode
            .blockMap()
            .blocks(
                fileBlock,
                Math.max(wanted, 1),
                (flags & Iomap.WRITE) != 0,
                (flags & Iomap.FAULT) != 0);
    if (mapped.isHole()) {
      return Iomap.hole(fileBlock * BLOCK_BYTES, BLOCK_BYTES);
    }
    return new Iomap(
        true,
        mapped.block() * BLOCK_BYTES,
        fileBlock * BLOCK_BYTES,
        mapped.count() * BLOCK_BYTES,
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
