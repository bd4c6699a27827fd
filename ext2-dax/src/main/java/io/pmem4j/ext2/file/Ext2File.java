// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.file;

import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.Extent;
import io.pmem4j.ext2.Profile;
import io.pmem4j.ext2.inode.Ext2Inode;
import io.pmem4j.ext2.inode.Fiemap;
import io.pmem4j.ext2.inode.InodeCache;
import io.pmem4j.ext2.inode.Truncate;
import io.pmem4j.ext2.lock.LockClass;
import io.pmem4j.ext2.mm.FaultHandler;
import io.pmem4j.ext2.mm.Mappable;
import io.pmem4j.ext2.mm.MappingTree;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.Volume;
import io.pmem4j.pmem.PersistentMemory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file description of a regular file: {@code struct file} with ext2's file operations. It
 * lives until it is closed and its last mapping is gone. Thread-safe.
 *
 * <p>What is written is durable after {@link #syncRange}.
 */
public final class Ext2File implements Mappable {
  private static final long MAX_BYTES = Geometry.maxFileBytes();

  private final Volume volume;
  private final InodeCache inodes;
  private final Ext2Inode inode;
  private final OpenFlags flags;
  private final Runnable onRelease;
  private final FaultHandler faultHandler;
  private final AtomicInteger references = new AtomicInteger(1);

  /**
   * Opens an inode.
   *
   * @param inode with one user, which this file becomes
   * @param onRelease called once when the file is no longer in use
   */
  public Ext2File(
      Volume volume, InodeCache inodes, Ext2Inode inode, OpenFlags flags, Runnable onRelease) {
    this.volume = volume;
    this.inodes = inodes;
    this.inode = inode;
    this.flags = flags;
    this.onRelease = onRelease;
    Profile profile = volume.options().profile();
    this.faultHandler =
        profile.fourHandlers()
            ? new SeriesFaultHandler(inode, profile)
            : new DaxFaultHandler(inode);
  }

  /** The inode. */
  public Ext2Inode inode() {
    return inode;
  }

  /**
   * {@code ext2_dax_read_iter}: reads up to the size of the file, zeros for holes.
   *
   * @return number of bytes, 0 at or behind the end
   * @throws Ext2Exception EBADF, EINVAL, EIO
   */
  public int read(long position, byte[] target) throws Ext2Exception {
    if (!flags.read()) {
      throw new Ext2Exception(Errno.EBADF, "not open for reading");
    }
    requirePosition(position);
    if (target.length == 0) {
      return 0;
    }
    int count;
    try (var _ = inode.iRwsem().shared()) {
      userCopy();
      count = inode.daxIo().read(position, target);
    }
    inode.accessed();
    return count;
  }

  /**
   * {@code ext2_dax_write_iter}.
   *
   * @return number of bytes, fewer than given when space or the largest size ran out in between
   * @throws Ext2Exception EBADF, EINVAL, EFBIG, ENOSPC, EIO
   */
  public int write(long position, byte[] source) throws Ext2Exception {
    if (!flags.write()) {
      throw new Ext2Exception(Errno.EBADF, "not open for writing");
    }
    requirePosition(position);
    if (source.length == 0) {
      return 0;
    }
    try (var _ = volume.freezeGate().startWrite();
        var _ = inode.iRwsem().exclusive()) {
      long at = flags.append() ? inode.size() : position;
      if (at >= MAX_BYTES) {
        throw new Ext2Exception(Errno.EFBIG, "position " + at);
      }
      byte[] fitting =
          source.length > MAX_BYTES - at ? Arrays.copyOf(source, (int) (MAX_BYTES - at)) : source;
      inode.updateTime();
      userCopy();
      int written = inode.daxIo().write(at, fitting);
      if (at + written > inode.size()) {
        inode.sizeLocked(at + written);
      }
      return written;
    }
  }

  /** {@code might_fault}: the caller's buffer may itself be a mapping, also of this file. */
  private void userCopy() {
    volume.validator().mightAcquire(LockClass.MMAP_LOCK, "a fault on the caller's buffer");
  }

  private static void requirePosition(long position) throws Ext2Exception {
    if (position < 0) {
      throw new Ext2Exception(Errno.EINVAL, "position " + position);
    }
  }

  /**
   * ftruncate(2). The same size again changes nothing but the times: what lies behind the end in
   * the last block stays.
   *
   * @throws Ext2Exception EINVAL, EFBIG, EIO
   */
  public void truncate(long size) throws Ext2Exception {
    if (size < 0 || !flags.write()) {
      throw new Ext2Exception(Errno.EINVAL, "truncate to " + size);
    }
    try (var _ = volume.freezeGate().startWrite();
        var _ = inode.iRwsem().exclusive()) {
      truncateLocked(size);
    }
  }

  /** {@code handle_truncate}: the part of open that O_TRUNC asks for. */
  public void truncateOnOpen() throws Ext2Exception {
    try (var _ = volume.freezeGate().startWrite();
        var _ = inode.iRwsem().exclusive()) {
      truncateLocked(0);
    }
  }

  /** The part of truncation under {@code i_rwsem}, which open with O_TRUNC shares. */
  private void truncateLocked(long size) throws Ext2Exception {
    inode.iRwsem().assertHeldExclusively();
    if (size > MAX_BYTES) {
      throw new Ext2Exception(Errno.EFBIG, "truncate to " + size);
    }
    if (size != inode.size()) {
      Truncate.setSize(inode, size);
    }
    inode.touch();
  }

  /** Extents as FIEMAP reports them without FIEMAP_FLAG_SYNC. */
  public List<Extent> fiemap() throws Ext2Exception {
    try (var _ = inode.iRwsem().exclusive()) {
      userCopy();
      return Fiemap.extents(inode);
    }
  }

  /** {@code ext2_fsync} of everything. */
  public void sync() throws Ext2Exception {
    syncRange(0, Long.MAX_VALUE);
  }

  @Override
  public void syncRange(long firstByte, long lastByte) throws Ext2Exception {
    inode.writeback().syncIfDirty(firstByte, lastByte);
    try (var _ = inode.iRwsem().exclusive()) {
      inodes.writeOutIfDirty(inode);
    }
    // One fence for data and metadata: both are flushed by now, or about to be here.
    volume.dirtyBlocks().writeOut();
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
  public MappingTree mappings() {
    return inode.mapping().mappings();
  }

  @Override
  public FaultHandler faultHandler() {
    return faultHandler;
  }

  @Override
  public PersistentMemory memory() {
    return volume.memory();
  }

  @Override
  public void mapped() throws Ext2Exception {
    acquire();
    inode.accessed();
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

  /** {@code fput}: the last one lets go of the inode, which may be the end of it. */
  public void release() throws Ext2Exception {
    if (references.decrementAndGet() == 0) {
      onRelease.run();
      inodes.put(inode);
    }
  }
}
