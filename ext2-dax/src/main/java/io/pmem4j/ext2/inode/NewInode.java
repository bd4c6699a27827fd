// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.volume.Geometry;
import io.pmem4j.ext2.volume.MetadataOrder;

/**
 * Changes of an inode to which no name leads yet. Its maker alone has it, so that they need none of
 * its locks: {@code I_NEW}.
 */
public final class NewInode {
  private NewInode() {}

  /** {@code i_size_write} of a directory whose first block was stored. */
  public static void size(Ext2Inode inode, long bytes) {
    inode.size = bytes;
    inode.markDirty();
  }

  /**
   * {@code ext2_symlink}: stores where a link leads to, in the inode if it fits there with its NUL,
   * else in a block.
   *
   * @param target shorter than a block
   * @throws Ext2Exception ENOSPC
   */
  public static void target(Ext2Inode link, byte[] target) throws Ext2Exception {
    if (target.length < Symlink.FAST_BYTES) {
      for (int i = 0; i < target.length; i++) {
        link.data[i / Integer.BYTES] |= (target[i] & 0xff) << (Byte.SIZE * (i % Integer.BYTES));
      }
    } else {
      try {
        ownBlock(link, target);
      } catch (Ext2Exception e) {
        // As ext2_write_begin does, with the lock of the directory held.
        Truncate.writeFailed(link, target.length);
        throw e;
      }
    }
    size(link, target.length);
  }

  /** {@code page_symlink}: holds the page locked from write_begin to write_end. */
  private static void ownBlock(Ext2Inode link, byte[] target) throws Ext2Exception {
    try (var _ = link.pageLocks().hold(0)) {
      Geometry geometry = link.volume().geometry();
      long offset = geometry.offsetOf(link.blockMap().blocks(0, 1, true).block());
      MetadataOrder order = link.volume().order();
      link.memory().fill(offset, geometry.blockBytes(), (byte) 0);
      link.memory().copy(offset, target, 0, target.length);
      link.volume().dirtyBlocks().markBytes(offset);
      order.flush(offset, geometry.blockBytes());
      order.drain();
    }
  }

  /** {@code init_special_inode}: the number of a device, in the old form where it fits. */
  public static void device(Ext2Inode inode, int major, int minor) {
    if (major < 256 && minor < 256) {
      inode.data[0] = (major << 8) | minor;
    } else {
      inode.data[1] = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
    }
    inode.markDirty();
  }

  /** {@code unlock_new_inode}: the inode has its name, and sync writes it out as any other. */
  public static void unlock(Ext2Inode inode) {
    inode.ownedByOneTask = false;
  }

  /**
   * {@code d_tmpfile}: the inode has no name.
   *
   * @param linkable true if it may get one
   */
  public static void unnamed(Ext2Inode inode, boolean linkable) {
    inode.changes().linkable = linkable;
    dropLinks(inode);
  }

  /** Returns true if the inode has a name, or never had one and may get it. */
  public static boolean isLinkable(Ext2Inode inode) {
    return inode.nlink != 0 || inode.changes().linkable;
  }

  /** The inode got a name; when that is gone too, it stays without. */
  public static void linked(Ext2Inode inode) {
    inode.iRwsem().assertHeldExclusively();
    inode.changes().linkable = false;
  }

  /** {@code clear_nlink}: the inode that got no name goes with its user. */
  public static void dropLinks(Ext2Inode inode) {
    inode.nlink = 0;
    inode.markDirty();
  }
}
