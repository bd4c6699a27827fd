// SPDX-License-Identifier: Apache-2.0
package io.pmem4j.ext2.inode;

import io.pmem4j.ext2.Ext2Exception;
import io.pmem4j.ext2.MountOptions;

/**
 * Changes that are durable when their call returns, by a mount option or a flag of the inode. What
 * is written is what the kernel writes: a page of a directory and its inode, not the inode that the
 * name leads to.
 */
public final class SynchronousChanges {
  private SynchronousChanges() {}

  /** {@code IS_SYNC}: writes, truncation and attributes. */
  static boolean ofFile(Ext2Inode inode) {
    return inode.volume().options().sync() || (inode.flags & InodeFlags.SYNC) != 0;
  }

  /** {@code IS_DIRSYNC}: the names of a directory. */
  public static boolean ofNames(Ext2Inode directory) {
    MountOptions options = directory.volume().options();
    return options.sync()
        || options.dirsync()
        || (directory.flags & (InodeFlags.SYNC | InodeFlags.DIRSYNC)) != 0;
  }

  /** {@code inode_needs_sync}: the inode itself, where it is truncated or evicted. */
  static boolean ofInode(Ext2Inode inode) {
    return ofFile(inode) || (inode.isDirectory() && ofNames(inode));
  }

  /**
   * {@code sync_inode_metadata}: a dirty inode is written out, and the block of the table that it
   * lies in is durable.
   */
  public static void writeInode(Ext2Inode inode) throws Ext2Exception {
    if (inode.changes().any()) {
      inode.volume().dirtyBlocks().writeOut(inode.writeOut());
    }
  }
}
