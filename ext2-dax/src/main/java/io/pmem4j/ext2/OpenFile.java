// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.mm.Mappable;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open regular file: a file descriptor. Thread-safe. Mappings outlive it; a closed file answers
 * EBADF.
 */
public final class OpenFile implements AutoCloseable {
  private final Ext2File file;
  private final AtomicBoolean closed = new AtomicBoolean();

  OpenFile(Ext2File file) {
    this.file = file;
  }

  private interface Operation<T> {
    T on(Ext2File file) throws Ext2Exception;
  }

  /** Keeps the file open while an operation runs, so that a close meanwhile waits with its end. */
  private <T> T with(Operation<T> operation) throws Ext2Exception {
    if (closed.get()) {
      throw new Ext2Exception(Errno.EBADF, "the file is closed");
    }
    file.acquire();
    try {
      return operation.on(file);
    } finally {
      file.release();
    }
  }

  /**
   * pread(2).
   *
   * @return number of bytes read into the beginning of {@code target}; 0 at or behind the end
   * @throws Ext2Exception EBADF, EINVAL, EIO
   */
  public long pread(long position, byte[] target) throws Ext2Exception {
    return with(open -> (long) open.read(position, target));
  }

  /**
   * pwrite(2); durable after {@link #fsync}.
   *
   * @return number of bytes, which is fewer than given when space ran out in between
   * @throws Ext2Exception EBADF, EINVAL, EFBIG, ENOSPC, EIO
   */
  public long pwrite(long position, byte[] source) throws Ext2Exception {
    return with(open -> (long) open.write(position, source));
  }

  /** ftruncate(2): EBADF, EINVAL, EFBIG, EIO. */
  public void truncate(long size) throws Ext2Exception {
    with(open -> {
      open.truncate(size);
      return true;
    });
  }

  /** fsync(2): data, inode and all metadata changed so far are durable when it returns. */
  public void fsync() throws Ext2Exception {
    with(open -> {
      open.sync();
      return true;
    });
  }

  /** fstat(2). */
  public Stat stat() throws Ext2Exception {
    return with(open -> stat(open.inode()));
  }

  private static Stat stat(Ext2Inode inode) {
    return new Stat(
        inode.number(),
        inode.mode(),
        inode.nlink(),
        inode.uid(),
        inode.gid(),
        inode.size(),
        inode.blocks512(),
        inode.atime(),
        inode.mtime(),
        inode.ctime(),
        inode.generation());
  }

  /** FIEMAP of the whole file, without FIEMAP_FLAG_SYNC. */
  public List<Extent> fiemap() throws Ext2Exception {
    return with(Ext2File::fiemap);
  }

  /** The file as {@link io.pmem4j.ext2.mm.AddressSpace#mmap} takes it. */
  public Mappable mappable() throws Ext2Exception {
    return with(open -> open);
  }

  /** close(2); closing twice does nothing. */
  @Override
  public void close() throws Ext2Exception {
    if (closed.compareAndSet(false, true)) {
      file.release();
    }
  }
}
