// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Variation;
import io.pmem4j.ext2.dax.DaxIo;
import io.pmem4j.ext2.dax.DaxMapping;
import io.pmem4j.ext2.dax.DaxWriteback;
import io.pmem4j.ext2.dax.UserCopyUnits;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.page.PageCache;
import io.pmem4j.sched.HeldLock;
import org.jspecify.annotations.Nullable;

/** Contents accessed where they lie. Inodes without contents of their own have them too. */
final class DaxContents implements FileContents {
  private final Ext2Inode inode;
  private final DaxMapping mapping;
  private final DaxIo io;
  private final DaxWriteback writeback;

  DaxContents(Ext2Inode inode, DaxMapping mapping) {
    Variation variation = inode.volume().instrumentation().variation();
    UserCopyUnits units = variation.part(UserCopyUnits.class, UserCopyUnits.LINUX_5_10);
    this.inode = inode;
    this.mapping = mapping;
    this.io = new DaxIo(mapping, inode.iomap(), units);
    this.writeback = new DaxWriteback(mapping);
  }

  @Override
  public @Nullable PageCache pages() {
    return null;
  }

  @Override
  public FileContents direct() {
    return this;
  }

  @Override
  public HeldLock lockToRead() {
    return inode.iRwsem().shared();
  }

  @Override
  public int read(long position, UserBuffer target) throws Ext2Exception {
    return io.read(position, target);
  }

  @Override
  public int write(long position, UserBuffer source, int length) throws Ext2Exception {
    return io.write(position, source, length);
  }

  @Override
  public void zeroTail(long size) throws Ext2Exception {
    long pageEnd = Math.ceilDiv(size, DaxIo.PAGE_BYTES) * DaxIo.PAGE_BYTES;
    io.zero(size, pageEnd - size);
  }

  @Override
  public void sizeChanged(long before, long now) {
    mapping.truncate(now);
  }

  @Override
  public void cut(long size) {
    mapping.truncate(size);
  }

  @Override
  public void removeAll() {
    mapping.removeFrom(0);
  }

  @Override
  public boolean isDirty() {
    return writeback.isNeeded();
  }

  @Override
  public void sync(long firstByte, long lastByte) {
    writeback.syncIfDirty(firstByte, lastByte);
  }

  @Override
  public void writeBack() {
    writeback.range(0, Long.MAX_VALUE);
  }
}
