// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.dax.DaxMapping;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.page.BufferedIo;
import io.pmem4j.ext2.page.BufferedIoRules;
import io.pmem4j.ext2.page.PageCache;
import io.pmem4j.ext2.page.PageReclaim;
import io.pmem4j.ext2.page.PageTruncate;
import io.pmem4j.sched.HeldLock;

/** Contents accessed through the page cache. Readers take no lock of the inode. */
class CachedContents implements FileContents {
  private final Ext2Inode inode;
  private final PageCache cache;
  private final BufferedIo io;
  private final PageTruncate truncate;

  CachedContents(Ext2Inode inode, DaxMapping mapping, PageReclaim memory) {
    this(
        inode,
        new PageCache(
            new InodePages(inode),
            mapping.mappings(),
            memory,
            inode.volume().instrumentation().scheduler(),
            inode.volume().validator()));
  }

  CachedContents(Ext2Inode inode, PageCache cache) {
    this.inode = inode;
    this.cache = cache;
    this.io =
        new BufferedIo(
            cache,
            inode
                .volume()
                .instrumentation()
                .variation()
                .part(BufferedIoRules.class, BufferedIoRules.LINUX_5_10));
    this.truncate = new PageTruncate(cache, io);
  }

  final BufferedIo buffered() {
    return io;
  }

  final PageTruncate truncate() {
    return truncate;
  }

  @Override
  public FileContents direct() {
    return new DirectContents(inode, this);
  }

  @Override
  public PageCache pages() {
    return cache;
  }

  @Override
  public boolean mayReach(long position) {
    return position < inode.volume().geometry().maxFileBytes();
  }

  @Override
  public HeldLock lockToRead() {
    return InodeLocks.NOTHING;
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
    truncate.zeroTail(size);
  }

  @Override
  public void sizeChanged(long before, long now) {
    truncate.sizeChanged(before, now);
  }

  @Override
  public void cut(long size) {
    truncate.cut(size);
  }

  @Override
  public void removeAll() {
    truncate.removeFrom(0);
  }

  @Override
  public boolean isDirty() {
    return cache.anyDirty();
  }

  @Override
  public void sync(long firstByte, long lastByte) throws Ext2Exception {
    cache.writeback().range(firstByte, lastByte);
  }

  @Override
  public void writeBack() {
    try {
      cache.writeback().range(0, Long.MAX_VALUE);
    } catch (Ext2Exception _) {
      // The next fsync of each open file tells of it.
    }
  }
}
