// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.page.PageCacheHost;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An inode as the host of a page cache: {@code ext2_get_block}, and the device below. */
final class InodePages implements PageCacheHost {
  private final Ext2Inode inode;
  private final Volume volume;
  private final Geometry geometry;
  private final int blockBytes;

  InodePages(Ext2Inode inode) {
    this.inode = inode;
    this.volume = inode.volume();
    this.geometry = volume.geometry();
    this.blockBytes = geometry.blockBytes();
  }

  @Override
  public long ino() {
    return inode.ino();
  }

  @Override
  public long size() {
    return inode.size();
  }

  @Override
  public int blockBytes() {
    return blockBytes;
  }

  @Override
  public long maxBytes() {
    return geometry.maxFileBytes();
  }

  @Override
  public Block block(long fileBlock, int wanted, boolean create) throws Ext2Exception {
    BlockMap.Mapped mapped = inode.blockMap().blocks(fileBlock, wanted, create);
    return new Block(mapped.block(), mapped.count(), mapped.isNew());
  }

  @Override
  public void read(long block, byte[] target, int at) throws Ext2Exception {
    long address = DaxIo.checked(inode, geometry.offsetOf(block), blockBytes);
    volume.unreadable().requireReadable(address / DaxIo.PAGE_BYTES, 1);
    MemorySegment.copy(
        volume.memory().segment(), ValueLayout.JAVA_BYTE, address, target, at, blockBytes);
  }

  @Override
  public void write(long block, byte[] source, int at) throws Ext2Exception {
    long address = DaxIo.checked(inode, geometry.offsetOf(block), blockBytes);
    volume.memory().copy(address, source, at, blockBytes);
    volume.dirtyBlocks().markBytes(address);
  }

  @Override
  public void writebackFailed(Errno errno) {
    volume.writebackErrors().add(errno);
  }

  @Override
  public void sizeLocked(long bytes) {
    inode.sizeLocked(bytes);
  }

  @Override
  public void writeFailed(long end) throws Ext2Exception {
    Truncate.writeFailed(inode, end);
  }

  @Override
  public void pagesDirty() {
    inode.changes().pagesDirty();
  }
}
