// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.DirectoryEntry;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.Variation;
import io.pmem4j.ext2.inode.Dentry;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.Fiemap;
import io.pmem4j.ext2.inode.FileContents;
import io.pmem4j.ext2.inode.FileLock;
import io.pmem4j.ext2.inode.FilePrivileges;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.AddressSpace;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.Mappable;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.mm.PinnedFrames;
import io.pmem4j.ext2.mm.UserBuffer;
import io.pmem4j.ext2.page.PageCache;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.pmem.PersistentMemory;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An open file description of a regular file or a directory: {@code struct file} with ext2's file
 * operations. It lives until it is closed and its last mapping is gone. Thread-safe.
 *
 * <p>What is written is durable after {@link #syncRange}.
 */
public final class Ext2File implements Mappable {
  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;

  private final Volume volume;
  private final InodeCache inodes;
  private final Ext2Inode inode;
  private final Dentry dentry;
  private final OpenFlags flags;
  private final Runnable onRelease;
  private final FileContents contents;
  private final FaultHandler faultHandler;
  private final FileSync sync;

  private final AtomicInteger references = new AtomicInteger(1);

  /** {@code f_pos}; who seeks with others at the same time gets what one of them asked for. */
  private volatile long position;

  /**
   * Opens a file by a name.
   *
   * @param dentry with one user, which this file becomes
   * @param onRelease called once when the file is no longer in use
   */
  public Ext2File(
      Volume volume, InodeCache inodes, Dentry dentry, OpenFlags flags, Runnable onRelease) {
    this.volume = volume;
    this.inodes = inodes;
    this.dentry = dentry;
    this.inode = dentry.inode();
    this.flags = flags;
    this.onRelease = onRelease;
    this.contents = flags.direct() ? inode.contents().direct() : inode.contents();
    PageCache pages = contents.pages();
    this.sync = new FileSync(volume, inodes, inode);
    this.faultHandler = handler(volume.instrumentation().variation(), pages);
  }

  private FaultHandler handler(Variation variation, @Nullable PageCache pages) {
    return pages == null
        ? variation.part(FaultHandlers.class, DaxFaultHandler::new).of(inode)
        : new PageCacheFaultHandler(inode, pages, variation);
  }

  /** Returns the inode of the file. */
  public Ext2Inode inode() {
    return inode;
  }

  /**
   * {@code ext2_dax_read_iter}: reads up to the size of the file, zeros for holes.
   *
   * @return number of bytes, 0 at or past EOF
   * @throws Ext2Exception EINVAL, EBADF, EISDIR for a directory, EFAULT, EIO
   */
  public int read(long position, UserBuffer target) throws Ext2Exception {
    Seek.requirePosition(position);
    if (!flags.read()) {
      throw new Ext2Exception(Errno.EBADF, "not open for reading");
    }
    Seek.requireRange(position, target.length());
    if (inode.isDirectory()) {
      throw new Ext2Exception(Errno.EISDIR, "read of a directory");
    }
    if (target.length() == 0 || !contents.mayReach(position)) {
      return 0;
    }
    try (var _ = contents.lockToRead()) {
      userCopy();
      return contents.read(position, target);
    } finally {
      if (contents.readIsAccess()) {
        accessed(); // also after EFAULT or EIO
      }
    }
  }

  /** Updates the access time. */
  void accessed() {
    if (!flags.keepsAccessTime()) {
      inode.times().accessed();
    }
  }

  /**
   * {@code ext2_dax_write_iter}, with {@code generic_write_sync} for files opened with O_SYNC or
   * O_DSYNC: such a write is durable when it returns, and so are the stores through mappings of the
   * pages that it wrote to.
   *
   * @return number of bytes, fewer than given when space or the largest size ran out in between
   * @throws Ext2Exception EINVAL, EBADF, EFAULT, EFBIG, ENOSPC, EIO
   */
  public int write(long position, UserBuffer source) throws Ext2Exception {
    Seek.requirePosition(position);
    if (!flags.write()) {
      throw new Ext2Exception(Errno.EBADF, "not open for writing");
    }
    Seek.requireRange(position, source.length());
    if (source.length() == 0) {
      return 0;
    }
    try (var _ = volume.freezeGate().startWrite()) {
      long at;
      int written;
      try (var _ = inode.iRwsem().exclusive()) {
        at = flags.append() ? inode.size() : position;
        written = writeLocked(position, at, source);
      }
      if (written > 0 && (flags.syncsWrites() || inode.syncsWrites())) {
        sync.range(at, at + written - 1, !flags.syncsTimes());
      }
      return written;
    }
  }

  private long maxBytes() {
    return volume.geometry().maxFileBytes();
  }

  private int writeLocked(long asked, long at, UserBuffer source) throws Ext2Exception {
    if (at >= maxBytes()) {
      throw new Ext2Exception(Errno.EFBIG, "position " + at + ", expected below " + maxBytes());
    }
    int fitting = (int) Math.min(source.length(), maxBytes() - at);
    FilePrivileges.beforeWrite(inode);
    inode.times().updateTime();
    userCopy();
    int written =
        flags.append()
            ? contents.append(asked, at, source, fitting)
            : contents.write(at, source, fitting);
    if (at + written > inode.size()) {
      inode.sizeLocked(at + written);
    }
    return written;
  }

  /** {@code might_fault}: the caller's buffer may itself be a mapping, also of this file. */
  private void userCopy() {
    volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's buffer");
  }

  /**
   * Sets the size, as ftruncate(2) does, see {@link FileResize#byDescriptor}.
   *
   * @throws Ext2Exception EINVAL, EPERM, EFBIG, EIO
   */
  public void truncate(long size) throws Ext2Exception {
    new FileResize(volume, inode).byDescriptor(flags, size);
  }

  /** {@code handle_truncate}: the part of open that O_TRUNC asks for. */
  public void truncateOnOpen() throws Ext2Exception {
    new FileResize(volume, inode).onOpen();
  }

  /**
   * Extents as FIEMAP reports them without FIEMAP_FLAG_SYNC.
   *
   * @throws Ext2Exception EOPNOTSUPP for a directory, EIO
   */
  public List<Extent> fiemap() throws Ext2Exception {
    if (inode.isDirectory()) {
      throw new Ext2Exception(Errno.EOPNOTSUPP, "FIEMAP of a directory");
    }
    try (var _ = inode.iRwsem().exclusive()) {
      userCopy();
      return Fiemap.extents(inode);
    }
  }

  /** Reads entries, see {@link Getdents#read}. */
  public List<DirectoryEntry> readDirectory(long position, int most) throws Ext2Exception {
    return Getdents.read(this, volume, position, most);
  }

  /**
   * Moves the file offset, as lseek(2) does. ext2 knows no holes: the whole file is data, and the
   * first hole is its end.
   *
   * @param whence SEEK_SET 0, SEEK_CUR 1, SEEK_END 2, SEEK_DATA 3, SEEK_HOLE 4
   * @return the new position
   * @throws Ext2Exception EINVAL, ENXIO
   */
  public long seek(long offset, int whence) throws Ext2Exception {
    long now = Seek.position(offset, whence, position, inode.size(), maxBytes());
    position = now;
    return now;
  }

  /**
   * fallocate(2), which ext2 has not.
   *
   * @throws Ext2Exception EINVAL, EBADF, EPERM, EISDIR, EFBIG, and EOPNOTSUPP for what is none of
   *     them
   */
  public void fallocate(int mode, long offset, long length) throws Ext2Exception {
    Fallocate.refuse(inode, flags, mode, offset, length, maxBytes());
  }

  /** Writes back a range: sync_file_range(2), see {@link FileSync#fileRange}. */
  public void syncFileRange(long offset, long length, int how) throws Ext2Exception {
    sync.fileRange(offset, length, how);
  }

  /**
   * Takes or releases the lock of the open file, as flock(2) does.
   *
   * @param operation LOCK_SH 1 or LOCK_EX 2, with LOCK_NB 4; or LOCK_UN 8
   * @throws Ext2Exception EBADF for a file open for neither reading nor writing, EAGAIN, EINVAL
   */
  public void flock(int operation) throws Ext2Exception {
    boolean wait = (operation & LOCK_NB) == 0;
    if ((operation & ~LOCK_NB) != LOCK_UN && !flags.read() && !flags.write()) {
      throw new Ext2Exception(Errno.EBADF, "open for neither reading nor writing");
    }
    switch (operation & ~LOCK_NB) {
      case 1 -> inode.fileLock().take(this, FileLock.Mode.SHARED, wait);
      case 2 -> inode.fileLock().take(this, FileLock.Mode.EXCLUSIVE, wait);
      case LOCK_UN -> inode.fileLock().release(this);
      default -> throw new Ext2Exception(Errno.EINVAL, "flock " + operation);
    }
  }

  /** {@code ext2_fsync} of everything. */
  public void sync() throws Ext2Exception {
    sync.range(0, Long.MAX_VALUE, false);
  }

  /** fdatasync(2): as {@link #sync}, but for times that changed alone. */
  public void syncData() throws Ext2Exception {
    sync.range(0, Long.MAX_VALUE, true);
  }

  /** {@code vfs_fsync_range} as msync(2) calls it: times that changed alone are left out. */
  @Override
  public void syncRange(long firstByte, long lastByte) throws Ext2Exception {
    sync.range(firstByte, lastByte, true);
  }

  /** An address space whose locks are checked against this file system's order. */
  public AddressSpace newAddressSpace() {
    return new AddressSpace(
        volume.instrumentation().scheduler(), volume.validator(), volume.zeroPage());
  }

  @Override
  public boolean readable() {
    return flags.read();
  }

  @Override
  public boolean writable() {
    return flags.write();
  }

  @Override
  public boolean appendOnly() {
    return inode.isAppendOnly();
  }

  /** Tells this open file, once, that some file could not be written back. */
  public void checkVolume() throws Ext2Exception {
    sync.checkVolume();
  }

  @Override
  public void willNeed(long firstIndex, long pages) {
    PageCache cache = contents.pages();
    if (cache != null) {
      cache.readAhead(firstIndex, pages);
    }
  }

  @Override
  public boolean holdsPage(long index) {
    PageCache pages = contents.pages();
    return pages != null && pages.holds(index);
  }

  @Override
  public void punchHole(long firstByte, long bytes) throws Ext2Exception {
    fallocate(Fallocate.PUNCH_HOLE | Fallocate.KEEP_SIZE, firstByte, bytes);
  }

  @Override
  public MappingTree mappings() {
    return inode.mapping().mappings();
  }

  @Override
  public FaultHandler faultHandler() {
    return faultHandler;
  }

  @Override
  public boolean isRegular() {
    return !inode.isDirectory(); // nothing else can be opened
  }

  @Override
  public PersistentMemory memory() {
    return volume.memory();
  }

  @Override
  public PinnedFrames pins() {
    return volume.pins();
  }

  @Override
  public void mappedAgain() throws Ext2Exception {
    acquire();
  }

  @Override
  public void mapped() throws Ext2Exception {
    if (inode.isDirectory()) {
      throw new Ext2Exception(Errno.ENODEV, "mmap of a directory");
    }
    acquire();
    accessed();
  }

  @Override
  public void unmapped() throws Ext2Exception {
    release();
  }

  /**
   * {@code fget}: keeps the file open until {@link #release}.
   *
   * @throws Ext2Exception EBADF if nobody has it open any more
   */
  public void acquire() throws Ext2Exception {
    if (references.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
      throw new Ext2Exception(Errno.EBADF, "the file is closed");
    }
  }

  /** {@code fput}: the last one lets go of the name, which may be the end of the inode. */
  public void release() throws Ext2Exception {
    if (references.decrementAndGet() == 0) {
      inode.fileLock().release(this);
      if (flags.write()) {
        inode.blockMap().releaseWriter();
      }
      onRelease.run();
      inodes.dentries().put(dentry);
    }
  }
}
