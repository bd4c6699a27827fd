// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2;

import io.pmem4j.ext2.file.Ext2File;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.InodeAttributes;
import io.pmem4j.ext2.mm.Mappable;
import io.pmem4j.ext2.mm.UserBuffer;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel.MapMode;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open regular file or directory: a file descriptor. A directory answers what is for files only
 * with EISDIR, EINVAL, ENODEV or EOPNOTSUPP, as Linux does. Thread-safe. Mappings outlive it; a
 * closed file answers EBADF.
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

  /** As {@link #with}, and then mappings that cannot fault see what is new. */
  private <T> T changing(Operation<T> operation) throws Ext2Exception {
    return with(open -> {
      try {
        return operation.on(open);
      } finally {
        open.mappings().populate();
      }
    });
  }

  /**
   * Ends syncfs(2): tells, once for each open file, that data of some file could not be written
   * back since this one was opened.
   *
   * @throws Ext2Exception ENOSPC, EIO; EBADF
   */
  public void checkFileSystem() throws Ext2Exception {
    with(open -> {
      open.checkVolume();
      return true;
    });
  }

  /**
   * Maps a part of the file into this process: one contiguous segment, however fragmented the file
   * is. It keeps the file, also an unlinked one, until the arena is closed; {@link FileMapping}
   * tells what may be done with it.
   *
   * <p>READ_WRITE allocates all blocks of the range up to the end of the file at once, because
   * there is no later moment to fail in. Behind the end of the file nothing is mapped until it
   * grows.
   *
   * @param mode READ_ONLY, READ_WRITE or PRIVATE
   * @param position first byte, a multiple of 4096
   * @param length bytes, at least 1
   * @throws Ext2Exception EACCES if the file is not open for that; EINVAL for another mode or
   *     position, or if the file system does not begin on a page of its file; ENOSPC; EIO;
   *     EOPNOTSUPP if it is in no file at all, or mounted without dax; ENOMEM for more than 2^31 -
   *     1 pages, if there are no addresses, or the pieces of the file would come near to {@code
   *     vm.max_map_count} mappings of the process
   * @throws IllegalStateException if the arena is closed
   */
  public FileMapping map(MapMode mode, long position, long length, Arena arena)
      throws Ext2Exception {
    return with(open -> FileMapping.of(open, mode, position, length, arena));
  }

  /**
   * Reads at a position, as pread(2) does.
   *
   * @return number of bytes read into the beginning of {@code target}; 0 at or behind the end
   * @throws Ext2Exception EBADF, EINVAL, EIO
   */
  public long pread(long position, byte[] target) throws Ext2Exception {
    return with(open -> (long) open.read(position, UserBuffer.of(target)));
  }

  /**
   * pwrite(2); durable after {@link #fsync}.
   *
   * @return number of bytes, which is fewer than given when space ran out in between
   * @throws Ext2Exception EBADF, EINVAL, EFBIG, ENOSPC, EIO
   */
  public long pwrite(long position, byte[] source) throws Ext2Exception {
    return changing(open -> (long) open.write(position, UserBuffer.of(source)));
  }

  /**
   * pread(2) into what may fault, such as {@link io.pmem4j.ext2.mm.AddressSpace#buffer}.
   *
   * @return number of bytes
   * @throws Ext2Exception EBADF, EINVAL, EFAULT, EIO
   */
  public long pread(long position, UserBuffer target) throws Ext2Exception {
    return with(open -> (long) open.read(position, target));
  }

  /**
   * pwrite(2) from what may fault; durable after {@link #fsync}.
   *
   * @return number of bytes
   * @throws Ext2Exception EBADF, EINVAL, EFAULT, EFBIG, ENOSPC, EIO
   */
  public long pwrite(long position, UserBuffer source) throws Ext2Exception {
    return changing(open -> (long) open.write(position, source));
  }

  /**
   * Moves the file offset, as lseek(2) does.
   *
   * @param whence SEEK_SET 0, SEEK_CUR 1, SEEK_END 2, SEEK_DATA 3, SEEK_HOLE 4
   * @return the new position, which no other method of this class uses
   * @throws Ext2Exception EBADF, EINVAL, ENXIO
   */
  public long seek(long offset, int whence) throws Ext2Exception {
    return with(open -> open.seek(offset, whence));
  }

  /** fallocate(2): EBADF, EINVAL, EFBIG, and EOPNOTSUPP for all the rest. */
  public void fallocate(int mode, long offset, long length) throws Ext2Exception {
    with(open -> {
      open.fallocate(mode, offset, length);
      return true;
    });
  }

  /**
   * Writes back a range of the file, as sync_file_range(2) does.
   *
   * @param how SYNC_FILE_RANGE_WAIT_BEFORE 1, WRITE 2, WAIT_AFTER 4; only all three make stores
   *     through mappings durable
   * @throws Ext2Exception EBADF, EINVAL
   */
  public void syncFileRange(long offset, long length, int how) throws Ext2Exception {
    with(open -> {
      open.syncFileRange(offset, length, how);
      return true;
    });
  }

  /**
   * Takes or releases the lock of the open file, as flock(2) does.
   *
   * @param operation LOCK_SH 1 or LOCK_EX 2, with LOCK_NB 4; or LOCK_UN 8
   * @throws Ext2Exception EBADF, EAGAIN, EINVAL
   */
  public void flock(int operation) throws Ext2Exception {
    with(open -> {
      open.flock(operation);
      return true;
    });
  }

  /** dup(2): another descriptor of the same open file, such as a child has after a fork. */
  public OpenFile duplicate() throws Ext2Exception {
    return with(open -> {
      open.acquire();
      return new OpenFile(open);
    });
  }

  /** ftruncate(2): EBADF, EINVAL, EFBIG, EIO. */
  public void truncate(long size) throws Ext2Exception {
    changing(open -> {
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

  /** fdatasync(2): as {@link #fsync}, but for times that changed alone. */
  public void fdatasync() throws Ext2Exception {
    with(open -> {
      open.syncData();
      return true;
    });
  }

  /** Returns the attributes of the file, as fstat(2) does. */
  public Stat stat() throws Ext2Exception {
    return with(open -> stat(open.inode()));
  }

  static Stat stat(Ext2Inode inode) {
    return new Stat(
        inode.number(),
        inode.mode(),
        inode.nlink(),
        inode.uid(),
        inode.gid(),
        inode.size(),
        inode.blocks512(),
        inode.times().atime(),
        inode.times().mtime(),
        inode.times().ctime(),
        inode.generation(),
        InodeAttributes.device(inode));
  }

  /**
   * Reads entries of a directory in the order of the medium, as getdents(2) does. What is made or
   * removed while a directory is read in several calls may be missed; nothing else is.
   *
   * @param position 0, or {@link DirectoryEntry#next} of the last entry that was read
   * @param most how many at most
   * @return the entries; empty at the end
   * @throws Ext2Exception ENOTDIR, ENOENT if the directory was removed, EBADF, EIO
   */
  public List<DirectoryEntry> readDirectory(long position, int most) throws Ext2Exception {
    return with(open -> open.readDirectory(position, most));
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
