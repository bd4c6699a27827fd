// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.alloc;

import io.pmem4j.ext2.CorruptFileSystemException;
import io.pmem4j.ext2.Errno;
import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.HeldGroup;
import io.pmem4j.ext2.volume.Volume;

/**
 * Inode numbers: the first part of {@code ext2_new_inode}, and {@code ext2_free_inode}.
 * Thread-safe.
 */
public final class InodeAllocator {
  private final Volume volume;
  private final Geometry geometry;
  private final DirectoryGroups directories;

  /** The allocator of a volume, beside that of its blocks. */
  public InodeAllocator(Volume volume, BlockAllocator blocks) {
    this.volume = volume;
    this.geometry = volume.geometry();
    this.directories = new DirectoryGroups(volume, blocks.freeBlocks());
  }

  /**
   * Takes an inode number for a file that is not a directory.
   *
   * @param parentIno the directory it will be in
   * @throws Ext2Exception ENOSPC; EIO if a bitmap offers a reserved inode
   */
  public int newInode(int parentIno) throws Ext2Exception {
    return newInode(findGroupOther(parentIno), false);
  }

  /**
   * Takes an inode number for a directory.
   *
   * @param parentIno the directory it will be in
   * @param top true if that one is the root or has the flag TOPDIR
   * @throws Ext2Exception ENOSPC; EIO if a bitmap offers a reserved inode
   */
  public int newDirectory(int parentIno, boolean top) throws Ext2Exception {
    return newInode(directories.find(geometry.groupOfInode(parentIno), top), true);
  }

  private int newInode(int start, boolean directory) throws Ext2Exception {
    int group = start;
    for (int i = 0; group >= 0 && i < geometry.groupsCount(); i++) {
      int ino = tryGroup(group, directory);
      if (ino != 0 && ino < geometry.firstIno()) {
        volume.error("reserved inode - block_group = " + group + ", inode=" + ino);
        throw new CorruptFileSystemException(
            Errno.EIO, "inode bitmap of group " + group, "inode " + ino, "0", "1: it is reserved");
      }
      if (ino != 0) {
        return ino;
      }
      group = (group + 1) % geometry.groupsCount();
    }
    throw new Ext2Exception(Errno.ENOSPC, "no free inode");
  }

  private int tryGroup(int group, boolean directory) {
    HeldGroup descriptor = volume.descriptor(group);
    try (var _ = volume.lockGroup(group)) {
      Bitmap bitmap = bitmap(descriptor);
      int bit = bitmap.nextZero(0, geometry.inodesPerGroup());
      if (bit >= geometry.inodesPerGroup()) {
        return 0;
      }
      int ino = group * geometry.inodesPerGroup() + bit + 1;
      bitmap.set(bit);
      bitmap.flush(volume.order(), bit, 1);
      if (ino < geometry.firstIno()) {
        // Left to the caller, without the lock; the bit stays set.
        volume.dirtyBlocks().mark(descriptor.inodeBitmap());
        return ino;
      }
      descriptor.freeInodesCount(descriptor.freeInodesCount() - 1);
      if (directory) {
        descriptor.usedDirsCount(descriptor.usedDirsCount() + 1);
      }
      directories.made(group, directory);
      markDirty(descriptor);
      return ino;
    }
  }

  /**
   * {@code find_group_other}: the parent's group; else by hashing, so that directories sharing a
   * group spread out; else any group with an inode. -1 if there is none.
   */
  private int findGroupOther(int parentIno) {
    int groups = geometry.groupsCount();
    int parentGroup = geometry.groupOfInode(parentIno);
    if (hasInodesAndBlocks(parentGroup)) {
      return parentGroup;
    }
    int group = (int) (((long) parentGroup + parentIno) % groups);
    for (int step = 1; step < groups; step <<= 1) {
      group = (group + step) % groups;
      if (hasInodesAndBlocks(group)) {
        return group;
      }
    }
    for (int i = 1; i <= groups; i++) {
      group = (parentGroup + i) % groups;
      if (volume.descriptor(group).freeInodesCount() != 0) {
        return group;
      }
    }
    return -1;
  }

  private boolean hasInodesAndBlocks(int group) {
    HeldGroup descriptor = volume.descriptor(group);
    return descriptor.freeInodesCount() != 0 && descriptor.freeBlocksCount() != 0;
  }

  /** Gives an inode number back; the inode in memory must be gone before. */
  public void freeInode(int ino, boolean directory) {
    if (ino < geometry.firstIno() || ino > geometry.inodesCount()) {
      volume.error("freeing reserved or nonexistent inode " + ino);
      return;
    }
    int group = geometry.groupOfInode(ino);
    HeldGroup descriptor = volume.descriptor(group);
    boolean cleared;
    try (var _ = volume.lockGroup(group)) {
      cleared = bitmap(descriptor).clear((ino - 1) % geometry.inodesPerGroup());
      if (cleared) {
        descriptor.freeInodesCount(descriptor.freeInodesCount() + 1);
        directories.freed(directory);
        if (directory) {
          descriptor.usedDirsCount(descriptor.usedDirsCount() - 1);
        }
        markDirty(descriptor);
      }
    }
    if (!cleared) {
      volume.error("bit already cleared for inode " + ino);
    }
  }

  private void markDirty(HeldGroup descriptor) {
    volume.dirtyBlocks().mark(descriptor.inodeBitmap());
    volume.dirtyBlocks().markBytes(descriptor.offset());
    if (volume.options().sync()) {
      volume.dirtyBlocks().writeOut(descriptor.inodeBitmap());
    }
  }

  private Bitmap bitmap(HeldGroup descriptor) {
    return new Bitmap(volume.memory(), geometry.offsetOf(descriptor.inodeBitmap()));
  }
}
