// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.page.BlockdevDirectIo;
import io.pmem4j.ext2.page.DirectIo;
import io.pmem4j.sched.HeldLock;

/** Contents of a file that is open with O_DIRECT: around the page cache, which stays coherent. */
final class DirectContents extends CachedContents {
  private final Ext2Inode inode;
  private final DirectIo io;

  DirectContents(Ext2Inode inode, CachedContents cached) {
    super(inode, cached.pages());
    this.inode = inode;
    this.io =
        inode
            .volume()
            .instrumentation()
            .variation()
            .part(DirectIo.Maker.class, BlockdevDirectIo::new)
            .of(pages(), truncate(), buffered());
  }

  @Override
  public boolean readIsAccess() {
    return io.readIsAccess();
  }

  @Override
  public boolean mayReach(long position) {
    return true;
  }

  /** {@code DIO_LOCKING}: a reader keeps truncation away from the blocks that it has looked up. */
  @Override
  public HeldLock lockToRead() {
    return io.readersShare() ? inode.iRwsem().shared() : inode.iRwsem().exclusive();
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
  public int append(long asked, long size, UserBuffer source, int length) throws Ext2Exception {
    return io.write(size, source, length, asked + length);
  }
}
